#include "collectors/bloat/options.h"

namespace pgvigil {

BloatOptions decode_bloat(Section& section) {
  BloatOptions options;
  options.floor_bytes = section.size("floor", options.floor_bytes);
  options.read_bytes_an_hour = section.size("read_an_hour", options.read_bytes_an_hour);
  section.finish();
  return options;
}

}  // namespace pgvigil
