#include "collectors/backup/object_stream.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "collectors/backup/folder_store.h"
#include "core/error.h"
#include "core/sha256.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

class Collected final : public ByteSink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  void finish() override { ended = true; }
  std::string text;
  bool ended = false;
};

// Compresses to about a half, so that damage hits data and not padding.
std::string sample_text(std::size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += std::to_string(random()) + (random() % 3 == 0 ? " paid\n" : " open\n");
  return text;
}

class ObjectStream : public testing::Test {
 protected:
  // A committed set with one compressed object; returns its path.
  std::filesystem::path stored(const std::string& text) {
    const auto set = store_.begin("one");
    CompressedObjectWriter writer(*set, "shop.dump.zst", 3);
    for (std::size_t at = 0; at < text.size(); at += 100000) writer.write(std::string_view(text).substr(at, 100000));
    writer.finish();
    object_ = writer.result();
    Manifest manifest;
    manifest.id = "one";
    manifest.objects = {object_};
    set->commit(manifest);
    return dir_ / "shop/one/shop.dump.zst";
  }

  // Why the object cannot be read, "" when it can.
  std::string reason(const StoredObject& object, Collected& sink) {
    try {
      read_object(store_, "one", object, sink, {});
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }

  TempDir dir_;
  FolderStore store_{dir_.path(), "shop"};
  StoredObject object_;
};

void flip_bit(const std::filesystem::path& file, std::uintmax_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(stream.get() ^ 0x10);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(byte);
}

TEST_F(ObjectStream, GivesBackWhatWasWritten) {
  const std::string text = sample_text(3'000'000);
  const auto file = stored(text);
  EXPECT_EQ(object_.raw, (Digest{static_cast<std::int64_t>(text.size()), sha256_hex(text)}));
  EXPECT_EQ(object_.stored.bytes, static_cast<std::int64_t>(std::filesystem::file_size(file)));
  EXPECT_EQ(object_.stored.sha256, sha256_hex(slurp(file)));
  EXPECT_LT(object_.stored.bytes, object_.raw.bytes);
  Collected sink;
  EXPECT_EQ(reason(object_, sink), "");
  EXPECT_EQ(sink.text, text);
  EXPECT_TRUE(sink.ended);
}

TEST_F(ObjectStream, AnEmptyObjectIsWhole) {
  stored("");
  Collected sink;
  EXPECT_EQ(reason(object_, sink), "");
  EXPECT_EQ(sink.text, "");
  EXPECT_TRUE(sink.ended);
}

TEST_F(ObjectStream, EveryFlippedBitIsFound) {
  const auto file = stored(sample_text(200'000));
  const auto size = std::filesystem::file_size(file);
  for (std::uintmax_t at = 0; at < size; at += size / 50) {
    flip_bit(file, at);
    Collected sink;
    EXPECT_NE(reason(object_, sink).find("shop.dump.zst is damaged"), std::string::npos) << "byte " << at;
    EXPECT_FALSE(sink.ended) << "byte " << at;
    flip_bit(file, at);
  }
  Collected sink;
  EXPECT_EQ(reason(object_, sink), "");
}

TEST_F(ObjectStream, ATruncatedFileIsDamaged) {
  const auto file = stored(sample_text(200'000));
  for (const std::uintmax_t size :
       {std::filesystem::file_size(file) - 1, std::filesystem::file_size(file) / 2, std::uintmax_t{0}}) {
    std::filesystem::resize_file(file, size);
    Collected sink;
    EXPECT_NE(reason(object_, sink).find("damaged"), std::string::npos) << size;
    EXPECT_FALSE(sink.ended);
  }
}

TEST_F(ObjectStream, AFileThatIsWholeButNotTheOneOfTheManifestIsDamaged) {
  stored(sample_text(1000));
  StoredObject other = object_;
  other.raw.sha256 = sha256_hex("something else");
  Collected sink;
  EXPECT_NE(reason(other, sink).find("its original form"), std::string::npos);
  EXPECT_FALSE(sink.ended);
}

TEST_F(ObjectStream, AMissingFileIsNoDamage) {
  std::filesystem::remove(stored("rows"));
  Collected sink;
  EXPECT_NE(reason(object_, sink).find("No such file"), std::string::npos);
}

TEST_F(ObjectStream, ACompressionOfANewerProgramIsRefused) {
  stored("rows");
  object_.compression = "lzma";
  Collected sink;
  EXPECT_NE(reason(object_, sink).find("does not know"), std::string::npos);
}

}  // namespace
}  // namespace pgvigil
