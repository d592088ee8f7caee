#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

namespace qrwell {

using namespace sqlite;

namespace {

// Rows per read transaction: a long one would keep the log from being reused beside a busy writer. Sums over several
// transactions are therefore compared with what the books said before and after.
constexpr int64_t slice = 20'000;

constexpr sql codes_slice{
    "codes_slice", "SELECT c.id, c.gen_id, c.kind, c.state, c.version, c.owner IS NOT NULL AND c.owner <> '', "
                   "c.bind_nonce, c.bound_ms, "
                   "c.image_fmt IS NOT NULL, coalesce(l.state, 0), (SELECT count(*) FROM history h WHERE h.id = c.id), "
                   "(SELECT coalesce(max(h.version), 0) FROM history h WHERE h.id = c.id) "
                   "FROM codes c LEFT JOIN lots l ON l.lot_no = c.lot_no WHERE c.id > ? ORDER BY c.id LIMIT ?"};
constexpr sql idem_slice{
    "idem_slice",
    "SELECT i.owner, i.k, i.id, i.nonce, c.id, c.owner, c.bind_nonce FROM idem i LEFT JOIN codes c ON c.id = i.id "
    "WHERE (i.owner, i.k) > (?, ?) ORDER BY i.owner, i.k LIMIT ?"};
constexpr sql history_slice{"history_slice",
                            "SELECT h.id, h.version, c.id FROM history h LEFT JOIN codes c ON c.id = h.id "
                            "WHERE (h.id, h.version) > (?, ?) ORDER BY h.id, h.version LIMIT ?"};
constexpr sql all_books{"all_books", "SELECT gen_id, outcome, n FROM books"};
constexpr sql all_purged{"all_purged", "SELECT gen_id, n FROM purged WHERE state = 4"};
constexpr sql ledger_sums{"ledger_sums", "SELECT gen_id, outcome, sum(n) FROM ledger GROUP BY gen_id, outcome"};
constexpr sql busiest_minute{
    "busiest_minute",
    "SELECT minute, sum(n) FROM ledger WHERE app_id = ? AND minute >= ? AND outcome = 'calls' GROUP BY minute "
    "ORDER BY 2 DESC LIMIT 1"};
constexpr sql app_of{"app_of", "SELECT app_id FROM apps WHERE name = ?"};
constexpr sql keep_nonce{"keep_nonce", "INSERT INTO temp.nonces(nonce) VALUES(?)"};
constexpr sql sorted_nonces{"sorted_nonces", "SELECT nonce FROM temp.nonces ORDER BY nonce"};

constexpr int stocked = 1, bound = 2, revoked = 3;

using book_map = std::map<uint32_t, std::map<std::string, int64_t>>;

/// One check: counts what it looked at, remembers the first that was wrong.
struct check {
  const char* promise;
  const char* name;
  const char* all_well;
  uint64_t examined = 0, wrong = 0;
  std::string first{};

  void see(bool ok, auto say) {
    ++examined;
    if (ok) return;
    if (wrong++ == 0) first = say();
  }

  verify_finding finding() const {
    auto detail = wrong == 0 ? fmt::format("{}: {} looked at", all_well, examined)
                             : fmt::format("{} of {} are wrong, the first: {}", wrong, examined, first);
    return {promise, name, wrong == 0, detail, examined};
  }
};

} // namespace

struct sqlite_code_store::examination {
  check owners{"P1", "one_owner", "every bound code has one owner, one mark and its time, every stocked one none"};
  check nonces{"P1", "marks_unique", "no mark was used for two codes"};
  check keys{"P5", "keys", "every idempotency key leads to a code of its owner that it bound"};
  check lots{"store", "stock_in_lots", "every stocked code lies in a lot that somebody can use"};
  check history{"store", "history_complete", "a code of version n has n rows of history"};
  check orphans{"store", "history_owned", "every row of history has its code"};
  std::map<uint32_t, int64_t> images; ///< rows with an image, by generation
  std::vector<verify_finding> books;
};

caf::expected<verify_report> sqlite_code_store::verify(const std::vector<std::pair<std::string, uint32_t>>& limits) {
  if (stopped_) return *stopped_;
  examination exam;
  try {
    db_->execute("verify_begin",
                 "CREATE TEMP TABLE IF NOT EXISTS nonces(nonce BLOB NOT NULL); DELETE FROM temp.nonces");
    verify_books(exam);
    verify_nonces(exam);
    verify_keys(exam);
    verify_history(exam);
    verify_ledger(exam, limits);
    db_->execute("verify_end", "DELETE FROM temp.nonces");
  } catch (const refusal& r) {
    db_->rollback();
    if (code_of(r.error) == ec::store_corrupt) stopped_ = r.error;
    return r.error;
  }
  verify_report out;
  for (auto* c : {&exam.owners, &exam.nonces}) out.findings.push_back(c->finding());
  for (auto& f : exam.books) out.findings.push_back(std::move(f));
  for (auto* c : {&exam.keys, &exam.lots, &exam.history, &exam.orphans}) out.findings.push_back(c->finding());
  return out;
}

void sqlite_code_store::verify_codes(examination& exam) {
  std::string last;
  for (bool more = true; more;) {
    std::vector<nonce> marks;
    db_->begin_read();
    {
      auto row = db_->use(codes_slice);
      row.arg(last).arg(slice);
      int64_t seen = 0;
      std::string next;
      while (row.step()) {
        ++seen;
        next = row.text(0);
        auto state = row.as<int>(3);
        auto has_owner = row.integer(5) != 0, has_mark = !row.is_null(6), has_time = !row.is_null(7);
        auto owned = state == bound || state == revoked;
        if (owned || state == stocked)
          exam.owners.see(owned ? has_owner && has_mark && has_time : !has_owner && !has_mark && !has_time, [&] {
            return fmt::format("{} (state {}, owner {}, mark {})", next, state, has_owner ? "set" : "missing",
                               has_mark ? "set" : "missing");
          });
        if (has_mark) marks.push_back(row.mark(6));
        if (row.integer(8) != 0 && row.integer(2) == 1) ++exam.images[row.as<uint32_t>(1)];
        auto lot = row.as<int>(9);
        if (state == stocked)
          exam.lots.see(lot >= 1 && lot <= 3, [&] {
            return fmt::format("{} is in a lot that is {}", next, lot == 4 ? "done" : lot == 5 ? "void" : "missing");
          });
        // What was imported began with the version that it had elsewhere.
        auto complete = row.integer(2) == 3 ? row.integer(10) >= 1 : row.integer(4) == row.integer(10);
        exam.history.see(complete && row.integer(4) == row.integer(11), [&] {
          return fmt::format("{} has version {} and {} rows up to version {}", next, row.integer(4), row.integer(10),
                             row.integer(11));
        });
      }
      last = next;
      more = seen == slice;
    }
    db_->commit();
    // Aside, in the connection's own scratch file: there they are sorted without holding the store.
    db_->execute("scratch", "SAVEPOINT scratch");
    for (auto& m : marks) db_->use(keep_nonce).arg(m).run();
    db_->execute("scratch", "RELEASE scratch");
  }
}

void sqlite_code_store::verify_nonces(examination& exam) {
  auto row = db_->use(sorted_nonces);
  nonce before{};
  while (row.step()) {
    auto mark = row.mark(0);
    exam.nonces.see(exam.nonces.examined == 0 || mark != before,
                    [] { return std::string{"a mark that two codes carry"}; });
    before = mark;
  }
}

void sqlite_code_store::verify_keys(examination& exam) {
  std::string owner, key;
  for (bool more = true; more;) {
    db_->begin_read();
    {
      auto row = db_->use(idem_slice);
      row.arg(owner).arg_blob(key.data(), key.size()).arg(slice);
      int64_t seen = 0;
      std::string next_owner, next_key;
      while (row.step()) {
        ++seen;
        next_owner = row.text(0);
        next_key = row.text(1);
        auto there = !row.is_null(4), same_owner = row.view(5) == next_owner, same_mark = row.mark(3) == row.mark(6);
        exam.keys.see(there && same_owner && same_mark, [&] {
          return fmt::format("a key of {} leads to {}, {}", next_owner, row.view(2),
                             !there        ? "which has no row"
                             : !same_owner ? "which another owner has"
                                           : "which another attempt bound");
        });
      }
      owner = next_owner;
      key = next_key;
      more = seen == slice;
    }
    db_->commit();
  }
}

void sqlite_code_store::verify_history(examination& exam) {
  std::string id;
  int64_t version = 0;
  for (bool more = true; more;) {
    db_->begin_read();
    {
      auto row = db_->use(history_slice);
      row.arg(id).arg(version).arg(slice);
      int64_t seen = 0;
      std::string next;
      while (row.step()) {
        ++seen;
        next = row.text(0);
        version = row.integer(1);
        exam.orphans.see(!row.is_null(2), [&] { return fmt::format("version {} of {}", version, next); });
      }
      id = next;
      more = seen == slice;
    }
    db_->commit();
  }
}

/// P4, around the walk over all codes: rows that come or go meanwhile show as the difference between the books before
/// and after.
void sqlite_code_store::verify_books(examination& exam) {
  auto read_books = [&] {
    std::pair<book_map, std::map<uint32_t, int64_t>> out;
    db_->begin_read();
    {
      auto rows = db_->use(all_books);
      while (rows.step()) out.first[rows.as<uint32_t>(0)][rows.text(1)] = rows.integer(2);
      auto gone = db_->use(all_purged);
      while (gone.step()) out.second[gone.as<uint32_t>(0)] = gone.integer(1);
    }
    db_->commit();
    return out;
  };
  auto before = read_books();
  verify_codes(exam);
  auto after = read_books();
  check calls{"P4", "calls_accounted", "calls are images, bad images, errors and losses"};
  check images{"P4", "images_accounted", "every image that was paid for has its row, or was purged"};
  std::string sums;
  for (auto& [gen_id, book] : after.first) {
    auto& b = book;
    int64_t ends = 0;
    for (auto& [outcome, n] : b)
      if (outcome != "calls" && outcome != "dead") ends += n;
    calls.see(b["calls"] == ends, [&, g = gen_id] {
      return fmt::format("generation {} had {} calls and {} ends of calls", g, b["calls"], ends);
    });
    auto rows = exam.images[gen_id];
    auto at_least = before.first[gen_id]["images"], at_most = b["images"];
    auto gone_before = before.second[gen_id], gone_after = after.second[gen_id];
    images.see(rows + gone_before <= at_most && rows + gone_after >= at_least, [&, g = gen_id] {
      return fmt::format("generation {} has {} images in the books, and {} rows with an image and {} purged ones", g,
                         at_most, rows, gone_after);
    });
    exam.images.erase(gen_id);
    sums += fmt::format("{}generation {}: {} calls, {} images, {} rows, {} purged", sums.empty() ? "" : "; ", gen_id,
                        b["calls"], at_most, rows, gone_after);
  }
  for (auto& [gen_id, rows] : exam.images)
    images.see(rows == 0, [&, g = gen_id, n = rows] {
      return fmt::format("generation {} has {} rows with an image and no books", g, n);
    });
  for (auto* c : {&calls, &images}) {
    exam.books.push_back(c->finding());
    if (c->wrong == 0 && !sums.empty()) exam.books.back().detail += " (" + sums + ")";
  }
}

/// P3 as far as the store can tell, and the ledger against the books.
void sqlite_code_store::verify_ledger(examination& exam, const std::vector<std::pair<std::string, uint32_t>>& limits) {
  check minutes{"P3", "minute_limit", "no minute of the last day has more calls than the limit"};
  check totals{"P4", "ledger_sums", "the ledger's minutes add up to the books"};
  // A limit that was lowered says nothing of the days before.
  auto since = clock_.wall_ms() / 60'000 - 24 * 60;
  db_->begin_read();
  {
    for (auto& [name, per_minute] : limits) {
      int64_t app_id = 0;
      {
        auto row = db_->use(app_of);
        if (row.arg(name).step()) app_id = row.integer(0);
      }
      auto row = db_->use(busiest_minute);
      if (!row.arg(app_id).arg(since).step()) continue;
      minutes.see(row.integer(1) <= per_minute, [&, n = name, limit = per_minute] {
        return fmt::format("app {} has {} calls in minute {} (Unix), its limit is {}", n, row.integer(1),
                           row.integer(0), limit);
      });
    }
    book_map ledger, books;
    {
      auto rows = db_->use(ledger_sums);
      while (rows.step()) ledger[rows.as<uint32_t>(0)][rows.text(1)] = rows.integer(2);
    }
    {
      auto rows = db_->use(all_books);
      while (rows.step())
        if (rows.view(1) != "dead") books[rows.as<uint32_t>(0)][rows.text(1)] = rows.integer(2);
    }
    for (auto& [gen_id, book] : books)
      totals.see(book == ledger[gen_id], [g = gen_id] { return fmt::format("generation {}", g); });
  }
  db_->commit();
  exam.books.push_back(minutes.finding());
  exam.books.push_back(totals.finding());
}

} // namespace qrwell
