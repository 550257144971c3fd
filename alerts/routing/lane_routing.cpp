#include "alerts/routing/lane_routing.h"

#include <algorithm>

namespace pgvigil {

namespace {

using Form = ChannelPolicy::Form;

bool grouped_by_severity(const Route& route) {
  const auto& labels = route.group_by.labels;
  return std::find(labels.begin(), labels.end(), "severity") != labels.end();
}

Labels group_labels(const FiringAlert& alert, const Route& route) {
  Labels result;
  for (const std::string& name : route.group_by.labels) {
    if (const std::string_view value = alert.labels[name]; !value.empty()) result.emplace(name, value);
  }
  // Without labels it is the group of the whole server.
  if (result.empty()) result.emplace("instance", alert.alert->instance);
  return result;
}

}  // namespace

void LaneRouting::want(const FiringAlert& alert, const Route& route, bool open) {
  wants_.insert_or_assign(alert.alert->id, Want{&alert, &route, open});
}

void LaneRouting::run(RoutingChanges& changes, WaitingGroups& waiting) {
  index_incidents();
  for (const FiringAlert& alert : firing_.all) {
    const auto found = wants_.find(alert.alert->id);
    if (found != wants_.end()) look_at(found->second);
  }
  for (auto& [key, group] : groups_) tell_group(key, group, waiting);
  for (const auto& entry : incidents_) look_for_ends(*entry.second);
  // Drafts of new incidents have no entry in incidents_, old incidents that nothing happened to have no draft.
  for (auto& [key, draft] : drafts_) {
    if (!incidents_.contains(key)) speak(&draft, draft.incident(), changes);
  }
  std::vector<std::string> over;
  for (const auto& [key, incident] : incidents_) {
    const auto draft = drafts_.find(key);
    const Incident& now = draft == drafts_.end() ? *incident : draft->second.incident();
    if (now.over()) {
      over.push_back(key);
    } else {
      speak(draft == drafts_.end() ? nullptr : &draft->second, now, changes);
    }
  }
  for (const std::string& key : over) speak(&edit(key), edit(key).incident(), changes);
  if (next_ && (!changes.next || *next_ < *changes.next)) changes.next = next_;
}

void LaneRouting::index_incidents() {
  const auto& all = input_.state.incidents;
  for (auto entry = all.lower_bound({channel_, ""}); entry != all.end() && entry->first.first == channel_; ++entry) {
    const Incident& incident = entry->second;
    incidents_.emplace(incident.key, &incident);
    if (!incident.over()) open_groups_.insert(incident.group_key);
    for (const auto& [alert, member] : incident.members) {
      if (member.news.firing) told_in_[alert].push_back(&incident);
    }
  }
}

bool LaneRouting::belongs(const Incident& incident, const FiringAlert& alert) const {
  if (!incident.level || *incident.level == alert.level) return true;
  // One that comes and goes is not moved to and fro.
  return alert.alert->flapping && *incident.level > alert.level &&
         incident.members.find(alert.alert->id)->second.news.flapping;
}

void LaneRouting::look_at(const Want& want) {
  const FiringAlert& alert = *want.alert;
  if (!want.open) return;
  std::optional<Level> previous;
  if (const auto told = told_in_.find(alert.alert->id); told != told_in_.end()) {
    for (const Incident* incident : told->second) {
      const AlertNews& news = incident->members.find(alert.alert->id)->second.news;
      previous = std::max(previous.value_or(news.level), news.level);
      if (!belongs(*incident, alert)) continue;
      const Level level = news.flapping && alert.alert->flapping ? std::max(news.level, alert.level) : alert.level;
      if (news.level != level || news.flapping != alert.alert->flapping) edit(incident->key).update(alert);
      return;
    }
  }
  if (input_.hold && !previous) return;
  const GroupBy& by = want.route->group_by;
  const Labels labels = by.each_alone ? Labels() : group_labels(alert, *want.route);
  const std::string key = by.each_alone ? alert_key(alert.alert->instance, alert.alert->id, std::nullopt)
                                        : group_key(alert.alert->instance, policy_->target, labels);
  Group& group = groups_[key];
  group.labels = labels;
  group.arrivals.push_back({&want, previous});
}

void LaneRouting::tell_group(const std::string& key, Group& group, WaitingGroups& waiting) {
  if (must_wait(key, group, waiting)) {
    // An alert that the channel knows at another level does not wait.
    std::erase_if(group.arrivals, [](const Arrival& arrival) { return !arrival.previous; });
  }
  if (group.arrivals.empty()) return;
  const bool storm = group.arrivals.size() > input_.options.digest_after;
  const bool together = !group.labels.empty() && (policy_->form == Form::grouped || storm);
  together ? add_together(key, group) : add_each_alone(key, group);
}

bool LaneRouting::must_wait(const std::string& key, const Group& group, WaitingGroups& waiting) {
  if (open_groups_.contains(key)) return false;
  milliseconds wait = group.arrivals.front().want->route->wait;
  for (const Arrival& arrival : group.arrivals) wait = std::min(wait, arrival.want->route->wait);
  const auto known = input_.state.waiting.find({channel_, key});
  const WaitingGroup entry =
      known == input_.state.waiting.end() ? WaitingGroup{input_.wall_now, input_.now} : known->second;
  const SteadyTime due = entry.began + wait;
  if (due <= input_.now) return false;
  waiting.emplace(IncidentId{channel_, key}, entry);
  next_ = std::min(next_.value_or(due), due);
  return true;
}

std::optional<Level> LaneRouting::level_in_key(const Want& want) const {
  const bool by_form = policy_->form == Form::per_alert && policy_->level_in_key;
  return by_form || grouped_by_severity(*want.route) ? std::optional(want.alert->level) : std::nullopt;
}

void LaneRouting::add_together(const std::string& key, const Group& group) {
  for (const Arrival& arrival : group.arrivals) {
    const auto level = level_in_key(*arrival.want);
    const std::string name = policy_->form == Form::per_alert ? digest_key(key, level) : key;
    open_incident(name, key, group.labels, level).add(*arrival.want->alert, arrival.previous, *arrival.want->route);
  }
}

void LaneRouting::add_each_alone(const std::string& key, const Group& group) {
  for (const Arrival& arrival : group.arrivals) {
    const Alert& alert = *arrival.want->alert->alert;
    const auto level = level_in_key(*arrival.want);
    open_incident(alert_key(alert.instance, alert.id, level), key, {}, level)
        .add(*arrival.want->alert, arrival.previous, *arrival.want->route);
  }
}

IncidentDraft& LaneRouting::open_incident(const std::string& key, const std::string& group_key, const Labels& group,
                                          std::optional<Level> level) {
  if (incidents_.contains(key) || drafts_.contains(key)) return edit(key);
  Incident incident;
  incident.channel = channel_;
  incident.key = key;
  incident.group_key = group_key;
  incident.group = group;
  incident.level = level;
  return drafts_.emplace(key, IncidentDraft(std::move(incident))).first->second;
}

IncidentDraft& LaneRouting::edit(const std::string& key) {
  const auto draft = drafts_.find(key);
  return draft != drafts_.end() ? draft->second
                                : drafts_.emplace(key, IncidentDraft(*incidents_.at(key))).first->second;
}

void LaneRouting::look_for_ends(const Incident& incident) {
  for (const auto& [alert, member] : incident.members) {
    if (!member.news.firing) continue;
    if (const auto reason = ended(incident, member)) edit(incident.key).end(alert, *reason, input_.wall_now);
  }
}

std::optional<Reason> LaneRouting::ended(const Incident& incident, const Incident::Member& member) const {
  const auto firing = firing_.by_id.find(member.news.alert);
  if (firing == firing_.by_id.end()) {
    const auto open = input_.alerts.find(member.news.alert);
    if (open != input_.alerts.end() && open->second.flapping) return std::nullopt;  // until it is calm
    const auto reason = firing_.reasons.find(member.news.alert);
    return reason == firing_.reasons.end() ? Reason::condition : reason->second;
  }
  const FiringAlert& alert = *firing->second;
  if (belongs(incident, alert) && incident.level) return std::nullopt;
  const Level told_at = incident.level.value_or(member.news.level);
  const bool fell = alert.level < told_at && !(alert.alert->flapping && member.news.flapping);
  if (incident.level) return fell || told_at_its_level(alert) ? std::optional(Reason::condition) : std::nullopt;
  return fell && !wants_.contains(member.news.alert) ? std::optional(Reason::condition) : std::nullopt;
}

bool LaneRouting::told_at_its_level(const FiringAlert& alert) const {
  return std::any_of(drafts_.begin(), drafts_.end(), [&](const auto& entry) {
    const Incident& incident = entry.second.incident();
    const auto member = incident.members.find(alert.alert->id);
    return member != incident.members.end() && member->second.news.firing &&
           (!incident.level || incident.level == alert.level);
  });
}

void LaneRouting::speak(IncidentDraft* draft, const Incident& incident, RoutingChanges& changes) {
  using Kind = Notification::Kind;
  const bool over = incident.over();
  const bool paced = input_.now - incident.spoken_at >= good_news_pace && incident.unsaid();
  const bool news = over || paced || (draft != nullptr && draft->urgent());
  if (!news && !reminder_due(incident)) {
    if (draft != nullptr) changes.saved.push_back(std::move(*draft).take());
    return;
  }
  IncidentDraft& speaker = draft != nullptr ? *draft : edit(incident.key);
  const Kind kind = over ? Kind::resolve : Kind::trigger;
  changes.notifications.push_back(speaker.message(kind, !news && !incident.unsaid(), input_.now, input_.wall_now));
  if (over) {
    changes.removed.emplace_back(channel_, speaker.incident().key);
  } else {
    changes.saved.push_back(std::move(speaker).take());
  }
}

bool LaneRouting::reminder_due(const Incident& incident) const {
  if (policy_ == nullptr) return false;
  std::optional<milliseconds> every = policy_->refresh_every;
  for (const auto& [alert, member] : incident.members) {
    const auto want = member.news.firing ? wants_.find(alert) : wants_.end();
    if (want == wants_.end() || !want->second.open || want->second.route->repeat == milliseconds(0)) continue;
    every = std::min(every.value_or(want->second.route->repeat), want->second.route->repeat);
  }
  return every && input_.now - incident.spoken_at >= *every;
}

}  // namespace pgvigil
