'use strict';

// The middle page, run by Node with a real network: middle_page.js BASE OPTIONS, where OPTIONS is the JSON of what WeChat
// hands to onLoad. Prints one line of JSON, {went, shown}, once the page has opened its target or has said why not.

const http = require('node:http');
const { phone } = require('../tools/miniprogram/fake_wx.js');

const [base, options] = process.argv.slice(2);
const time = { now: Date.now, setTimeout, clearTimeout };

const network = {
  request(what) {
    const sent = http.get(what.url, { timeout: what.timeout, agent: false }, (res) => {
      const parts = [];
      res.on('data', (part) => parts.push(part));
      res.on('end', () => what.success({
        statusCode: res.statusCode, header: res.headers, data: JSON.parse(Buffer.concat(parts).toString()),
      }));
    });
    sent.on('error', (err) => what.fail({ errMsg: `request:fail ${err.message}` }));
    return { abort: () => sent.destroy() };
  },
};

const it = phone({ time, network, config: { base }, pages: ['pages/house/detail'] });
const opened = it.open(JSON.parse(options));
const watch = setInterval(() => {
  if (it.went.length === 0 && opened.data.busy) return;
  clearInterval(watch);
  process.stdout.write(`${JSON.stringify({ went: it.went, shown: opened.data })}\n`);
}, 5);
