#pragma once

// Every message type and its name on the wire. Fields changed: the version in the name grows, so that a peer of another
// version is refused at connect instead of being misread. tests/messages holds each of them to a round trip.
// Four lists, because four files of messages/instantiate/ share the work of compiling what CAF makes of each.

// requests, scenes, status, limits
#define QRWELL_SERVING_MESSAGES(X)                                                                                     \
  X(done, "qrwell.done.v1")                                                                                            \
  X(status_query, "qrwell.status_query.v1")                                                                            \
  X(actor_status, "qrwell.actor_status.v1")                                                                            \
  X(tick, "qrwell.tick.v1")                                                                                            \
  X(http_batch, "qrwell.http_batch.v1")                                                                                \
  X(http_answers, "qrwell.http_answers.v1")                                                                            \
  X(hot_scenes, "qrwell.hot_scenes.v1")                                                                                \
  X(scenes_changed, "qrwell.scenes_changed.v1")                                                                        \
  X(scene_query, "qrwell.scene_query.v1")                                                                              \
  X(scene_answer, "qrwell.scene_answer.v1")                                                                            \
  X(scans_seen, "qrwell.scans_seen.v1")                                                                                \
  X(inspect_query, "qrwell.inspect_query.v1")                                                                          \
  X(inspect_report, "qrwell.inspect_report.v1")                                                                        \
  X(issue_limits, "qrwell.issue_limits.v1")                                                                            \
  X(bind_limits, "qrwell.bind_limits.v1")                                                                              \
  X(scan_limits, "qrwell.scan_limits.v1")                                                                              \
  X(count_limits, "qrwell.count_limits.v1")                                                                            \
  X(restart_pending, "qrwell.restart_pending.v1")                                                                      \
  X(foreign_ids, "qrwell.foreign_ids.v1")                                                                              \
  X(issue_items, "qrwell.issue_items.v1")                                                                              \
  X(issue_results, "qrwell.issue_results.v1")

// binding, lots, pools
#define QRWELL_STOCK_MESSAGES(X)                                                                                       \
  X(bind_batch, "qrwell.bind_batch.v1")                                                                                \
  X(bind_results, "qrwell.bind_results.v1")                                                                            \
  X(claim_request, "qrwell.claim_request.v1")                                                                          \
  X(claim_result, "qrwell.claim_result.v1")                                                                            \
  X(lots_done, "qrwell.lots_done.v1")                                                                                  \
  X(bind_group, "qrwell.bind_group.v1")                                                                                \
  X(bind_group_result, "qrwell.bind_group_result.v1")                                                                  \
  X(bind_resolve, "qrwell.bind_resolve.v1")                                                                            \
  X(bind_recall, "qrwell.bind_recall.v1")                                                                              \
  X(codes_kill, "qrwell.codes_kill.v1")                                                                                \
  X(code_change, "qrwell.code_change.v1")                                                                              \
  X(code_changed, "qrwell.code_changed.v1")                                                                            \
  X(pool_state, "qrwell.pool_state.v1")                                                                                \
  X(pool_query, "qrwell.pool_query.v1")                                                                                \
  X(pool_command, "qrwell.pool_command.v1")                                                                            \
  X(shelf_report, "qrwell.shelf_report.v1")                                                                            \
  X(live_request, "qrwell.live_request.v1")                                                                            \
  X(live_codes, "qrwell.live_codes.v1")                                                                                \
  X(pool_row, "qrwell.pool_row.v1")

// leases, grants, calls to WeChat, tokens
#define QRWELL_QUOTA_MESSAGES(X)                                                                                       \
  X(grant_request, "qrwell.grant_request.v1")                                                                          \
  X(grant_ticket, "qrwell.grant_ticket.v1")                                                                            \
  X(units_sent, "qrwell.units_sent.v1")                                                                                \
  X(unit_ended, "qrwell.unit_ended.v1")                                                                                \
  X(limit_reported, "qrwell.limit_reported.v1")                                                                        \
  X(grant_close, "qrwell.grant_close.v1")                                                                              \
  X(grant_closed, "qrwell.grant_closed.v1")                                                                            \
  X(lease_take, "qrwell.lease_take.v1")                                                                                \
  X(lease_renew, "qrwell.lease_renew.v1")                                                                              \
  X(lease_view, "qrwell.lease_view.v1")                                                                                \
  X(grant_open, "qrwell.grant_open.v1")                                                                                \
  X(grant_find, "qrwell.grant_find.v1")                                                                                \
  X(grant_found, "qrwell.grant_found.v1")                                                                              \
  X(grants_drop, "qrwell.grants_drop.v1")                                                                              \
  X(fetch_code, "qrwell.fetch_code.v1")                                                                                \
  X(fetched_code, "qrwell.fetched_code.v1")                                                                            \
  X(call_ended, "qrwell.call_ended.v1")                                                                                \
  X(token_query, "qrwell.token_query.v1")                                                                              \
  X(access_token, "qrwell.access_token.v1")                                                                            \
  X(token_refused, "qrwell.token_refused.v1")                                                                          \
  X(token_refresh, "qrwell.token_refresh.v1")

// what stores are asked beside that
#define QRWELL_STORE_MESSAGES(X)                                                                                       \
  X(code_query, "qrwell.code_query.v1")                                                                                \
  X(identity_query, "qrwell.identity_query.v1")                                                                        \
  X(store_identity, "qrwell.store_identity.v1")                                                                        \
  X(code_record, "qrwell.code_record.v1")                                                                              \
  X(code_list, "qrwell.code_list.v1")                                                                                  \
  X(code_page, "qrwell.code_page.v1")                                                                                  \
  X(stats_query, "qrwell.stats_query.v1")                                                                              \
  X(stats_rows, "qrwell.stats_rows.v1")                                                                                \
  X(audit_put, "qrwell.audit_put.v1")                                                                                  \
  X(audit_query, "qrwell.audit_query.v1")                                                                              \
  X(audit_entries, "qrwell.audit_entries.v1")                                                                          \
  X(import_rows, "qrwell.import_rows.v1")                                                                              \
  X(import_result, "qrwell.import_result.v1")                                                                          \
  X(foreign_keys, "qrwell.foreign_keys.v1")                                                                            \
  X(mac_keys_query, "qrwell.mac_keys_query.v1")                                                                        \
  X(job, "qrwell.job.v1")                                                                                              \
  X(job_put, "qrwell.job_put.v1")                                                                                      \
  X(jobs_drop, "qrwell.jobs_drop.v1")                                                                                  \
  X(jobs_query, "qrwell.jobs_query.v1")                                                                                \
  X(jobs_found, "qrwell.jobs_found.v1")                                                                                \
  X(api_key, "qrwell.api_key.v1")                                                                                      \
  X(keys_query, "qrwell.keys_query.v1")                                                                                \
  X(keys_snapshot, "qrwell.keys_snapshot.v1")                                                                          \
  X(key_add, "qrwell.key_add.v1")                                                                                      \
  X(key_revoke, "qrwell.key_revoke.v1")                                                                                \
  X(key_rotate, "qrwell.key_rotate.v1")                                                                                \
  X(keys_used, "qrwell.keys_used.v1")                                                                                  \
  X(pool_pause, "qrwell.pool_pause.v1")                                                                                \
  X(levels_query, "qrwell.levels_query.v1")                                                                            \
  X(stock_levels, "qrwell.stock_levels.v1")                                                                            \
  X(age_out, "qrwell.age_out.v1")                                                                                      \
  X(lots_seal, "qrwell.lots_seal.v1")                                                                                  \
  X(lots_give_back, "qrwell.lots_give_back.v1")                                                                        \
  X(affected, "qrwell.affected.v1")                                                                                    \
  X(store_purge, "qrwell.store_purge.v1")                                                                              \
  X(verify_query, "qrwell.verify_query.v1")                                                                            \
  X(verify_report, "qrwell.verify_report.v1")                                                                          \
  X(images_put, "qrwell.images_put.v1")                                                                                \
  X(image_get, "qrwell.image_get.v1")                                                                                  \
  X(image_data, "qrwell.image_data.v1")                                                                                \
  X(images_drop, "qrwell.images_drop.v1")                                                                              \
  X(space_query, "qrwell.space_query.v1")                                                                              \
  X(free_space, "qrwell.free_space.v1")

#define QRWELL_MESSAGES(X)                                                                                             \
  QRWELL_SERVING_MESSAGES(X)                                                                                           \
  QRWELL_STOCK_MESSAGES(X)                                                                                             \
  QRWELL_QUOTA_MESSAGES(X)                                                                                             \
  QRWELL_STORE_MESSAGES(X)
