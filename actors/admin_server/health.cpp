#include "actors/admin_server/admin_calls.hpp"
#include "actors/admin_server/readiness.hpp"
#include "runtime/http/json.hpp"

namespace qrwell {

namespace json = boost::json;

void admin_calls::healthz(const call& c) {
  c.v->json(200, R"({"alive":true})");
}

void admin_calls::readyz(const call& c) {
  auto purpose = c.target.param("for");
  if (purpose && *purpose != "issue" && *purpose != "scan")
    return c.v->refuse(ec::invalid_request, "for: must be issue or scan, or absent for both");
  auto issue = !purpose || *purpose == "issue", scan = !purpose || *purpose == "scan";
  with_report(c.v, [issue, scan, v = c.v, pools = visible_pools(c)](const inspect_report& report) {
    std::vector<ready_check> checks;
    if (scan) checks = ready_for_scan(report);
    if (issue)
      for (auto& check : ready_for_issue(report, pools)) checks.push_back(std::move(check));
    json::array list;
    auto ready = true;
    for (const auto& check : checks) {
      ready = ready && check.ok;
      list.push_back(json::object{{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}});
    }
    v->json(ready ? 200 : 503, http::json_text(json::object{{"ready", ready}, {"checks", std::move(list)}}));
  });
}

void admin_calls::version(const call& c) {
  c.v->json(200, http::json_text(json::object{{"name", "qrwell"}, {"version", cfg_.node.version}}));
}

void admin_calls::metrics(const call& c) {
  with_report(c.v, [render = to_.metrics, pools = visible_pools(c), v = c.v](const inspect_report& report) {
    auto text = render(report, pools);
    v->text(200, "text/plain; version=0.0.4; charset=utf-8", text, {{"Cache-Control", "no-store"}});
  });
}

void admin_calls::openapi(const call& c) {
  c.v->json(200, cfg_.openapi);
}

void admin_calls::front_page(const call& c) {
  auto text = "qrwell " + cfg_.node.version + ", node " + cfg_.node.node +
              "\n\n/v1/status    what is going on, in words (needs a key or the admin token)\n/readyz       ready to "
              "issue and to scan?\n"
              "/metrics      for Prometheus\n/openapi.json the API\n";
  c.v->answer([&](http::answer_writer& out) {
    out.add(c.v->request.at, 200, "text/plain; charset=utf-8", text, c.v->request.request_id,
            {{"Cache-Control", "no-store"}}, c.v->request.method == http_method::head);
  });
}

} // namespace qrwell
