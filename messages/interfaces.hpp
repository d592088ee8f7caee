#pragma once

#include "messages/batch.hpp"
#include "messages/bind.hpp"
#include "messages/change.hpp"
#include "messages/common.hpp"
#include "messages/http.hpp"
#include "messages/inspect.hpp"
#include "messages/limits.hpp"
#include "messages/listing.hpp"
#include "messages/quota.hpp"
#include "messages/scan.hpp"
#include "messages/stock.hpp"
#include "messages/store.hpp"
#include "messages/transfer.hpp"
#include "messages/wechat.hpp"

#include <caf/typed_actor.hpp>

// The map of the system: every actor's interface, a sentence per handler. INTERNAL marks what an actor sends to itself.
// A message is a struct of this folder; its name on the wire carries a version (message_list.hpp). Interfaces only gain
// handlers.

namespace qrwell {

/// INTERNAL: an actor's own timer. One per actor; what is due is the core's business.
struct tick {
  QRWELL_NO_FIELDS(tick)
};

/// Every actor says how it is.
using status_actor = caf::typed_actor<
    // Answers at once, from memory.
    caf::replies_to<status_query>::with<actor_status>>;

// -- serving HTTP
// --------------------------------------------------------------------------------------------------------------------------

/// Where answers go: an http_frontend, seen by those who serve.
using answer_sink = caf::typed_actor<
    // Writes each answer to its connection, in the order of the requests on it; drops those whose connection is gone.
    caf::reacts_to<http_answers>,
    // Keeps these ready answers in the bounded cache.
    caf::reacts_to<hot_scenes>,
    // Forgets these ids at once.
    caf::reacts_to<scenes_changed>>;

/// Anyone who serves a class of requests. Each request is answered once, to the sender as answer_sink, whatever
/// happens.
using http_service = caf::typed_actor<
    // Serves a round's requests of one class.
    caf::reacts_to<http_batch>>::extend_with<status_actor>;

/// `POST /v1/codes`: authentication, limits, the shelf, the ladder.
using request_server_actor = caf::typed_actor<
    // Items of batches, each served like a request, but never by a live fetch; their ends go to the sender, a
    // batch_server, as issue_results.
    caf::reacts_to<issue_items>,
    // Ends of bind requests: answers their clients, or goes on with another id.
    caf::reacts_to<bind_results>,
    // Lots for the shelf.
    caf::reacts_to<claim_result>,
    // What a pool is doing: levels, reserve, when to come back.
    caf::reacts_to<pool_state>,
    // Works with other limits from now on.
    caf::reacts_to<issue_limits>,
    // INTERNAL: deadlines, shelf reports, keys.
    caf::reacts_to<tick>>::extend_with<http_service>;

/// Where the ends of a batch's items go.
using item_sink = caf::typed_actor<
    // Ends of items, in any order.
    caf::reacts_to<issue_results>>;

/// `POST /v1/codes/batch`: takes batches apart, hands their items to the request_server a few at a time, and answers
/// when all of a batch have ended or its time is over.
using batch_server_actor = caf::typed_actor<
    // Ends of items; what was sent too early is sent again.
    caf::reacts_to<issue_results>,
    // INTERNAL: deadlines, items that wait for their key's rate, keys.
    caf::reacts_to<tick>>::extend_with<http_service>;

/// `GET /v1/scenes/{id}`: MAC, cache, single flight, store.
using scan_server_actor = caf::typed_actor<
    // Forgets these ids and tells the front ends.
    caf::reacts_to<scenes_changed>,
    // Works with other limits from now on.
    caf::reacts_to<scan_limits>,
    // From now on asks the store for ids of these keys, since others than ours made some of them.
    caf::reacts_to<foreign_ids>,
    // INTERNAL: deadlines.
    caf::reacts_to<tick>>::extend_with<http_service>;

/// `GET /v1/codes/{id}` and its image.
using code_server_actor = caf::typed_actor<
    // INTERNAL: keys.
    caf::reacts_to<tick>>::extend_with<http_service>;

/// What reads many rows: lists of codes and statistics.
using bulk_server_actor = caf::typed_actor<
    // INTERNAL: keys.
    caf::reacts_to<tick>>::extend_with<http_service>;

/// Exports and imports, as jobs and piece by piece.
using transfer_server_actor = caf::typed_actor<
    // INTERNAL: the next step of the job under way, keys, what is past its time.
    caf::reacts_to<tick>>::extend_with<http_service>;

/// Pools, apps, keys, health, metrics: what operators ask for.
using admin_server_actor = caf::typed_actor<
    // Keeps the newest state of each pool.
    caf::reacts_to<pool_state>,
    // What `status` names as waiting for a restart.
    caf::reacts_to<restart_pending>,
    // INTERNAL: keys, health.
    caf::reacts_to<tick>>::extend_with<http_service>;

// -- binding and scanning
// ------------------------------------------------------------------------------------------------------------------

/// The node's bindings: one synced transaction at a time, and what gathers meanwhile is the next.
using binding_persister_actor = caf::typed_actor<
    // Binds all of these; their ends come back as bind_results, in as many messages as there were groups.
    caf::reacts_to<bind_batch>,
    // Claims lots in the next transaction; comes back as claim_result.
    caf::reacts_to<claim_request>,
    // Ends lots in the next transaction.
    caf::reacts_to<lots_done>,
    // Works with other limits from now on.
    caf::reacts_to<bind_limits>,
    // INTERNAL: retries and quarantine.
    caf::reacts_to<tick>>::extend_with<status_actor>;

/// Counts scans: bounded, flushed in batches, drops with a counter before it delays anyone.
using scan_recorder_actor = caf::typed_actor<
    // Adds to the counts.
    caf::reacts_to<scans_seen>,
    // Works with other limits from now on.
    caf::reacts_to<count_limits>,
    // INTERNAL: flush.
    caf::reacts_to<tick>>::extend_with<status_actor>;

// -- stock
// -----------------------------------------------------------------------------------------------------------------------------------

/// The plan and the books of one pool.
using pool_stocker_actor = caf::typed_actor<
    // What the pool is doing.
    caf::replies_to<pool_query>::with<pool_state>,
    // Pauses, resumes, fills: persisted and audited; the state after it.
    caf::replies_to<pool_command>::with<pool_state>,
    // Rung 1: fetches now, inside the live reserve; error out_of_stock, rate_limited or timeout. A late code is
    // stocked, not lost.
    caf::replies_to<live_request>::with<live_codes>,
    // Level and rate of the node's shelf.
    caf::reacts_to<shelf_report>,
    // INTERNAL: plan, fills, ageing.
    caf::reacts_to<tick>>::extend_with<status_actor>;

/// The lease of one app and its grant book.
using quota_manager_actor = caf::typed_actor<
    // Units, written down; or none, and when to ask again. Error not_leader.
    caf::replies_to<grant_request>::with<grant_ticket>,
    // Units are about to be used.
    caf::reacts_to<units_sent>,
    // A unit's call ended.
    caf::reacts_to<unit_ended>,
    // All units of a grant ended: writes its rows, its books and its end. A repeat is answered as the first time.
    caf::replies_to<grant_close>::with<grant_closed>,
    // WeChat says that the limit is reached.
    caf::reacts_to<limit_reported>,
    // INTERNAL: lease, cooling, pace.
    caf::reacts_to<tick>>::extend_with<status_actor>;

/// Calls of one app to WeChat.
using wechat_fetcher_actor = caf::typed_actor<
    // One attempt. Always answered, at the latest at its time-out.
    caf::replies_to<fetch_code>::with<fetched_code>,
    // INTERNAL: the engine is done with a call.
    caf::reacts_to<call_ended>,
    // INTERNAL: breaker, hosts.
    caf::reacts_to<tick>>::extend_with<status_actor>;

/// The access token of one app.
using token_keeper_actor = caf::typed_actor<
    // The present token; waits for a refresh under way.
    caf::replies_to<token_query>::with<access_token>,
    // It was refused: refreshes once if it is still the present one.
    caf::reacts_to<token_refused>,
    // Operator: force a new one.
    caf::replies_to<token_refresh>::with<done>,
    // INTERNAL: the engine is done with a call.
    caf::reacts_to<call_ended>,
    // INTERNAL: refresh before expiry.
    caf::reacts_to<tick>>::extend_with<status_actor>;

// -- stores: lanes of blocking engines, each on a thread of its own
// ----------------------------------------------------------------------------

/// Everything that writes to the code_store, in lanes: bind > change > stock > counts > bulk. Each lane is bounded:
/// overloaded beyond it.
using store_writer_actor = caf::typed_actor<
    // bind lane
    caf::replies_to<bind_group>::with<bind_group_result>,
    // What became of attempts after an unknown outcome.
    caf::replies_to<bind_resolve>::with<bind_group_result>,
    // change lane
    caf::replies_to<code_change>::with<code_changed>, caf::replies_to<codes_kill>::with<affected>,
    caf::replies_to<pool_pause>::with<pool_row>, caf::replies_to<key_add>::with<api_key>,
    caf::replies_to<key_rotate>::with<api_key>, caf::replies_to<key_revoke>::with<api_key>,
    caf::replies_to<foreign_keys>::with<done>, caf::replies_to<audit_put>::with<done>,
    // stock lane
    caf::replies_to<lease_take>::with<lease_view>, caf::replies_to<lease_renew>::with<lease_view>,
    caf::replies_to<grant_open>::with<done>, caf::replies_to<grant_find>::with<grant_found>,
    caf::replies_to<grant_close>::with<grant_closed>, caf::replies_to<grants_drop>::with<done>,
    caf::replies_to<lots_seal>::with<affected>, caf::replies_to<lots_give_back>::with<affected>,
    caf::replies_to<age_out>::with<affected>,
    // counts lane
    caf::replies_to<scans_seen>::with<done>, caf::replies_to<keys_used>::with<done>,
    // bulk lane
    caf::replies_to<import_rows>::with<import_result>, caf::replies_to<job_put>::with<job>,
    caf::replies_to<store_purge>::with<affected>, caf::replies_to<jobs_drop>::with<affected>,
    // INTERNAL: the next job of the highest lane.
    caf::reacts_to<tick>>::extend_with<status_actor>;

/// Everything that only reads, in lanes: scan > change > bulk.
using store_reader_actor = caf::typed_actor<
    // scan lane
    caf::replies_to<scene_query>::with<scene_answer>,
    // change lane
    caf::replies_to<code_query>::with<code_record>, caf::replies_to<keys_query>::with<keys_snapshot>,
    caf::replies_to<levels_query>::with<stock_levels>, caf::replies_to<identity_query>::with<store_identity>,
    // The MAC keys of all codes here, their own and those that came with imports.
    caf::replies_to<mac_keys_query>::with<foreign_keys>,
    // What earlier requests got, for those to whom no code can be offered.
    caf::replies_to<bind_recall>::with<bind_group_result>,
    // bulk lane
    caf::replies_to<code_list>::with<code_page>, caf::replies_to<stats_query>::with<stats_rows>,
    caf::replies_to<audit_query>::with<audit_entries>, caf::replies_to<jobs_query>::with<jobs_found>,
    caf::replies_to<verify_query>::with<verify_report>,
    // INTERNAL: the next job of the highest lane.
    caf::reacts_to<tick>>::extend_with<status_actor>;

/// The image_store.
using image_worker_actor = caf::typed_actor<
    // Safe on disk when answered.
    caf::replies_to<images_put>::with<done>, caf::replies_to<image_get>::with<image_data>,
    caf::replies_to<images_drop>::with<done>,
    // Room left for images.
    caf::replies_to<space_query>::with<free_space>,
    // INTERNAL: the next job of the highest lane.
    caf::reacts_to<tick>>::extend_with<status_actor>;

// -- looking in
// ----------------------------------------------------------------------------------------------------------------------------

/// Housekeeping: the watermark, and deleting what is past its time.
using caretaker_actor = caf::typed_actor<
    // INTERNAL: the next round.
    caf::reacts_to<tick>>::extend_with<status_actor>;

/// The live actors of this node.
using inspector_actor = caf::typed_actor<
    // All actors, their vitals and, of those that answer in time, their own words.
    caf::replies_to<inspect_query>::with<inspect_report>>::extend_with<status_actor>;

} // namespace qrwell

#include "messages/extern_templates.hpp" // last: it needs every type above
