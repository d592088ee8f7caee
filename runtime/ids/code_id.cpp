#include "runtime/ids/code_id.hpp"

#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

#include <openssl/crypto.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace qrwell {
namespace {

// In ASCII order, so that ids of one key sort by time.
constexpr std::string_view alphabet = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
static_assert(alphabet.size() == 64);

constexpr std::string_view key_chars = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr int64_t epoch_2024_ms = 1'704'067'200'000;
constexpr size_t head_length = 15, mac_length = 5;
static_assert(head_length + mac_length == code_id_length);

void put(std::string& out, uint64_t bits, size_t characters) {
  for (auto i = characters; i-- > 0;) out += alphabet[(bits >> (6 * i)) & 63];
}

bool is_alphanumeric(char c) {
  return key_chars.find(c) != std::string_view::npos;
}

uint64_t big_endian(std::string_view raw) {
  uint64_t out = 0;
  for (auto c : raw) out = out << 8 | static_cast<uint8_t>(c);
  return out;
}

mac_key make_key() {
  mac_key key;
  key.key_char = key_chars[big_endian(random_bytes(4)) % key_chars.size()];
  key.key = secret(random_bytes(32));
  key.fingerprint = sha256(key.key.reveal());
  return key;
}

// Whole or not at all: a power cut must not leave an empty file in the place of keys.
caf::error write_synced(const std::string& file, const mac_key& key) {
  auto part = file + ".part";
  ::unlink(part.c_str());
  auto fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(ec::invalid_config,
                fmt::format("keys.mac_file: cannot make {}: {}; its folder must exist and be writable", file,
                            std::strerror(errno)));
  auto line = fmt::format("{} {}\n", key.key_char, to_hex(key.key.reveal()));
  auto ok = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  ::close(fd);
  ok = ok && ::rename(part.c_str(), file.c_str()) == 0;
  auto slash = file.rfind('/');
  auto dir =
      ::open(slash == std::string::npos ? "." : file.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir >= 0) {
    ok = ::fsync(dir) == 0 && ok;
    ::close(dir);
  }
  if (ok) return {};
  ::unlink(part.c_str());
  return fail(ec::invalid_config, fmt::format("keys.mac_file: cannot write {}: {}", file, std::strerror(errno)));
}

caf::expected<mac_key> read_line(const std::string& file, size_t number, const std::string& line) {
  auto bad = [&](std::string_view what) {
    return fail(
        ec::invalid_config,
        fmt::format("{}:{}: {}; a line is an alphanumeric character, a space and 64 hex digits", file, number, what));
  };
  if (line.size() != 66 || line[1] != ' ') return bad("not a MAC key");
  if (!is_alphanumeric(line[0])) return bad("the key character is not alphanumeric");
  mac_key key;
  key.key_char = line[0];
  std::string raw;
  for (size_t i = 2; i < line.size(); i += 2) {
    unsigned value = 0;
    auto [end, err] = std::from_chars(line.data() + i, line.data() + i + 2, value, 16);
    if (err != std::errc{} || end != line.data() + i + 2) return bad("not hexadecimal");
    raw += static_cast<char>(value);
  }
  key.fingerprint = sha256(raw);
  key.key = secret(std::move(raw));
  return key;
}

} // namespace

caf::expected<mac_keys> mac_keys::load(const std::string& file, bool create) {
  if (create && ::access(file.c_str(), F_OK) != 0) {
    auto key = make_key();
    if (auto err = write_synced(file, key)) return err;
  }
  std::ifstream in(file);
  if (!in)
    return fail(ec::invalid_config, fmt::format("keys.mac_file: cannot read {}: {}. Without its keys no printed code "
                                                "could be told from a forged one: bring the file "
                                                "back from the backup",
                                                file, std::strerror(errno)));
  std::vector<mac_key> keys;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    auto key = read_line(file, number, line);
    if (!key) return std::move(key.error());
    for (const auto& other : keys)
      if (other.key_char == key->key_char)
        return fail(ec::invalid_config,
                    fmt::format("{}:{}: the key character '{}' is there twice", file, number, key->key_char));
    keys.push_back(std::move(*key));
  }
  if (keys.empty())
    return fail(ec::invalid_config, fmt::format("keys.mac_file: {} holds no key: bring it back from its copy", file));
  return from(std::move(keys));
}

mac_keys mac_keys::from(std::vector<mac_key> keys) {
  mac_keys out;
  out.keys_ = std::move(keys);
  return out;
}

std::string mac_keys::mac_of(const mac_key& key, std::string_view head) const {
  auto mac = hmac_sha256(key.key.reveal(), head);
  std::string out;
  put(out, big_endian(std::string_view(mac).substr(0, 4)) >> 2, mac_length); // the first 30 bits
  return out;
}

std::string mac_keys::mint(int64_t unix_ms) const {
  std::string id(1, signing().key_char);
  id.reserve(code_id_length);
  auto units = static_cast<uint64_t>(std::max<int64_t>(0, unix_ms - epoch_2024_ms)) / 64;
  put(id, units & ((uint64_t{1} << 36) - 1), 6);
  put(id, big_endian(random_bytes(6)), 8);
  return id + mac_of(signing(), id);
}

void mac_keys::trust_store_for(char key_char) {
  ask_store_ += key_char;
}

id_verdict mac_keys::check(std::string_view id) const {
  if (id.size() != code_id_length || id.find_first_not_of(alphabet) != std::string_view::npos)
    return id_verdict::unknown_key;
  for (const auto& key : keys_) {
    if (key.key_char != id[0]) continue;
    auto expected = mac_of(key, id.substr(0, head_length));
    if (CRYPTO_memcmp(expected.data(), id.data() + head_length, mac_length) == 0) return id_verdict::genuine;
    return ask_store_.find(id[0]) == std::string::npos ? id_verdict::forged : id_verdict::unknown_key;
  }
  return id_verdict::unknown_key;
}

} // namespace qrwell
