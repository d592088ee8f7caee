#pragma once

#include "tools/qrload/load_options.hpp"

#include <random>
#include <vector>

namespace qrwell::load {

enum class kind : uint8_t { issue, scan };

/// One request, and what its answer must hold.
struct order {
  load::kind kind = kind::issue;
  std::string bytes;
  std::string path; ///< issue: the target that was asked for; scan: the one that the id stands for, if known
};

struct known_code {
  std::string id, path;
};

/// Makes the requests and judges the answers. Every issued target is one of a kind, so that a scan shows whether an id
/// leads to where it was bound. Remembers at most `ids_max` codes, newer ones in place of older ones.
class workload {
public:
  static constexpr size_t ids_max = 1'000'000;

  /// `tag` goes into every target and Idempotency-Key of this run.
  workload(const load_options& options, std::string authority, std::string tag, uint64_t seed);

  /// From now on only this.
  void restrict_to(mix what) noexcept { mix_ = what; }

  order next();

  /// What became of an order: empty when it is right, else a word for the table of errors. `learned` is filled with
  /// the code of a 201.
  std::string_view judge(const order& o, int status, std::string_view body, known_code& learned) const;

  void remember(known_code code);
  size_t known() const noexcept { return codes_.size(); }

private:
  order issue();
  order scan();

  mix mix_;
  double scan_share_, idempotency_;
  std::string authority_, tag_, pool_;
  secret key_;
  std::mt19937_64 random_;
  std::vector<known_code> codes_;
  size_t oldest_ = 0;
  uint64_t issued_ = 0;
};

/// The value of the first member `name` of a JSON text that is a string without escapes; empty if there is none.
std::string_view find_text(std::string_view json, std::string_view name);

/// Lines "ID PATH"; what is not one is left out.
std::vector<known_code> read_ids(const std::string& file);

} // namespace qrwell::load
