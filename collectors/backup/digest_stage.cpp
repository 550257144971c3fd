#include "collectors/backup/digest_stage.h"

namespace pgvigil {

void DigestStage::write(std::string_view bytes) {
  hash_.update(bytes);
  digest_.bytes += static_cast<std::int64_t>(bytes.size());
  next_.write(bytes);
}

void DigestStage::finish() {
  digest_.sha256 = hash_.finish();
  next_.finish();
}

}  // namespace pgvigil
