#include "tests/runtime/stores/sqlite/failing_disk.hpp"

#include <limits>

#include <sqlite3.h>

namespace qrwell::test {
namespace {

constexpr int never = std::numeric_limits<int>::max();
int good_syncs = never, good_writes = never, sync_count = 0;
sqlite3_vfs* real = nullptr;
sqlite3_vfs layer;

/// Our part of a file; the real one lies behind it in the same memory.
struct layered_file {
  sqlite3_file base;
  sqlite3_file* inner;
};

sqlite3_file* in(sqlite3_file* f) {
  return reinterpret_cast<layered_file*>(f)->inner;
}

int write(sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
  if (good_writes == 0) return SQLITE_FULL;
  if (good_writes != never) --good_writes;
  return in(f)->pMethods->xWrite(in(f), data, size, at);
}

int sync(sqlite3_file* f, int flags) {
  ++sync_count;
  if (good_syncs == 0) return SQLITE_IOERR_FSYNC;
  if (good_syncs != never) --good_syncs;
  return in(f)->pMethods->xSync(in(f), flags);
}

const sqlite3_io_methods methods{
    3,
    [](sqlite3_file* f) { return in(f)->pMethods->xClose(in(f)); },
    [](sqlite3_file* f, void* data, int size, sqlite3_int64 at) {
      return in(f)->pMethods->xRead(in(f), data, size, at);
    },
    write,
    [](sqlite3_file* f, sqlite3_int64 size) { return in(f)->pMethods->xTruncate(in(f), size); },
    sync,
    [](sqlite3_file* f, sqlite3_int64* size) { return in(f)->pMethods->xFileSize(in(f), size); },
    [](sqlite3_file* f, int lock) { return in(f)->pMethods->xLock(in(f), lock); },
    [](sqlite3_file* f, int lock) { return in(f)->pMethods->xUnlock(in(f), lock); },
    [](sqlite3_file* f, int* out) { return in(f)->pMethods->xCheckReservedLock(in(f), out); },
    [](sqlite3_file* f, int op, void* arg) { return in(f)->pMethods->xFileControl(in(f), op, arg); },
    [](sqlite3_file* f) { return in(f)->pMethods->xSectorSize(in(f)); },
    [](sqlite3_file* f) { return in(f)->pMethods->xDeviceCharacteristics(in(f)); },
    [](sqlite3_file* f, int page, int size, int extend, volatile void** out) {
      return in(f)->pMethods->xShmMap(in(f), page, size, extend, out);
    },
    [](sqlite3_file* f, int at, int n, int flags) { return in(f)->pMethods->xShmLock(in(f), at, n, flags); },
    [](sqlite3_file* f) { in(f)->pMethods->xShmBarrier(in(f)); },
    [](sqlite3_file* f, int remove) { return in(f)->pMethods->xShmUnmap(in(f), remove); },
    [](sqlite3_file* f, sqlite3_int64 at, int n, void** out) { return in(f)->pMethods->xFetch(in(f), at, n, out); },
    [](sqlite3_file* f, sqlite3_int64 at, void* page) { return in(f)->pMethods->xUnfetch(in(f), at, page); },
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out) {
  auto* mine = reinterpret_cast<layered_file*>(f);
  mine->inner = reinterpret_cast<sqlite3_file*>(mine + 1);
  auto code = real->xOpen(real, name, mine->inner, flags, out);
  mine->base.pMethods = mine->inner->pMethods ? &methods : nullptr;
  return code;
}

} // namespace

failing_disk::failing_disk() {
  repair();
  sync_count = 0;
  real = sqlite3_vfs_find(nullptr);
  layer = *real;
  layer.zName = "failing_disk";
  layer.szOsFile = real->szOsFile + static_cast<int>(sizeof(layered_file));
  layer.xOpen = open;
  sqlite3_vfs_register(&layer, 1);
}

failing_disk::~failing_disk() {
  repair();
  sqlite3_vfs_unregister(&layer);
  sqlite3_vfs_register(real, 1);
}

void failing_disk::fail_syncs(int good) {
  good_syncs = good;
}
void failing_disk::fill_up(int good) {
  good_writes = good;
}
void failing_disk::repair() {
  good_syncs = good_writes = never;
}
int failing_disk::syncs() const {
  return sync_count;
}

} // namespace qrwell::test
