'use strict';

// The middle page, run by Node with a real network: middle_page.js BASE OPTIONS [PHONE], where OPTIONS is the JSON of what
// WeChat hands to onLoad, and PHONE the JSON of how it came there:
//   launch        WeChat's number for the way in
//   networkType   WeChat's word for the network
//   prefetch      {query, agoMs}: before the page opens, WeChat called GET BASE/v1/prefetch so long ago, for a page with this query
// Prints one line of JSON, {went, shown, asked, prefetched}, once the page has opened its target or has said why not.

const http = require('node:http');
const { page, phone } = require('../tools/miniprogram/fake_wx.js');

const [base, options, how] = process.argv.slice(2);
const { launch, networkType, prefetch } = JSON.parse(how || '{}');
const time = { now: Date.now, setTimeout, clearTimeout };
const asked = [];

function get(url, timeout, done, failed) {
  const sent = http.get(url, { timeout, agent: false }, (res) => {
    const parts = [];
    res.on('data', (part) => parts.push(part));
    res.on('end', () => done(res, Buffer.concat(parts).toString()));
  });
  sent.on('error', failed);
  return sent;
}

const network = {
  request(what) {
    asked.push(what.url.slice(base.length));
    const sent = get(what.url, what.timeout,
      (res, body) => what.success({ statusCode: res.statusCode, header: res.headers, data: JSON.parse(body) }),
      (err) => what.fail({ errMsg: `request:fail ${err.message}` }));
    return { abort: () => sent.destroy() };
  },
};

/// What WeChat's servers ask for while the mini-program loads, and what it hands to the page.
function fetchAhead(next) {
  if (!prefetch) return next(null);
  const query = new URLSearchParams({
    appid: 'wx0123456789abcdef', token: 'qrwell', timestamp: String(Date.now()), path: page, query: prefetch.query, scene: String(launch || 1047),
  });
  return get(`${base}/v1/prefetch?${query}`, 5000,
    (res, body) => next({ fetchedData: body, timeStamp: Date.now() - (prefetch.agoMs || 0), path: page, query: prefetch.query, scene: launch }),
    () => next(null));
}

fetchAhead((cached) => {
  const it = phone({ time, network, launch, networkType, cached, config: { base, prefetch: Boolean(prefetch) }, pages: ['pages/house/detail'] });
  const opened = it.open(JSON.parse(options));
  const watch = setInterval(() => {
    if (it.went.length === 0 && opened.data.busy) return;
    clearInterval(watch);
    const prefetched = cached && cached.fetchedData;
    process.stdout.write(`${JSON.stringify({ went: it.went, shown: opened.data, asked, prefetched })}\n`);
  }, 5);
});
