#pragma once

#include <memory>
#include <string>

namespace qrwell::test {

/// While it lives, files that SQLite opens lie on a disk that can be told to fail: a layer over the default VFS, which
/// passes all else on.
class failing_disk {
public:
  failing_disk();
  ~failing_disk();
  failing_disk(const failing_disk&) = delete;
  failing_disk& operator=(const failing_disk&) = delete;

  /// The syncs (writes) to come fail, after `good` that do not.
  void fail_syncs(int good = 0);
  void fill_up(int good_writes = 0);
  void repair();

  int syncs() const;
};

} // namespace qrwell::test
