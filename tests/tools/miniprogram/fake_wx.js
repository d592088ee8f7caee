'use strict';

// A `wx` that answers from a script, and a phone that opens the middle page with it.

const fs = require('node:fs');
const path = require('node:path');
const { VirtualTime } = require('./virtual_time.js');

const kit = path.resolve(__dirname, '../../../tools/miniprogram/pages/qr');
const page = 'pages/qr/index';
const id = '1k0ZaB3xQ9d_7Hc2-LmT';
const config = {
  base: 'https://qr.example.com', home: 'pages/index/index', tabPages: ['pages/list/list'], prefetch: false,
};

function scene(more) {
  return { path: 'pages/house/detail', query: { house: '8841' }, url: 'pages/house/detail?house=8841', version: 1, ...more };
}

function problem(status, code, header) {
  return { status, data: { type: `/problems/${code}`, title: code, status, detail: code, code }, header };
}

/// What a data pre-fetch brings, as wx.getBackgroundFetchData gives it.
function brought(timeStamp, body, query = `scene=${id}`) {
  return { fetchedData: typeof body === 'string' ? body : JSON.stringify(body), timeStamp, path: page, query, scene: 1047 };
}

/// The network of a phone. `answers` are used up one a request, the last one for all that follow:
///   {status, data, header, afterMs}   {fail: errMsg, afterMs}   'silence'
class Network {
  constructor(time, answers) {
    this.time = time;
    this.answers = answers;
    this.requests = [];
    this.deaf = false; // abort() does not end a request: its answer still comes
  }

  request(what) {
    const answer = this.answers[Math.min(this.requests.length, this.answers.length - 1)];
    const sent = { url: what.url, timeout: what.timeout, atMs: this.time.now(), aborted: false };
    this.requests.push(sent);
    const say = () => {
      if (sent.aborted && !this.deaf) return;
      if (answer.fail) what.fail({ errMsg: answer.fail, errno: 5 });
      else what.success({ statusCode: answer.status, data: answer.data, header: answer.header || {} });
    };
    if (answer !== 'silence') this.time.setTimeout(say, answer.afterMs === undefined ? 50 : answer.afterMs);
    return {
      abort: () => {
        if (sent.aborted) return;
        sent.aborted = true;
        if (!this.deaf) what.fail({ errMsg: 'request:fail abort' });
      },
    };
  }
}

/// A mini-program with the middle page in it. Options:
///   time, network (others than the virtual ones), answers, config, networkType, language, launch, pages (those that
///   exist), tabs (those that app.json calls tabs), redirectFails (an errMsg), cached (what getBackgroundFetchData gives;
///   without it, it fails), without (names that wx lacks)
function phone(options = {}) {
  const time = options.time || new VirtualTime();
  const network = options.network || new Network(time, options.answers || [{ status: 200, data: scene() }]);
  const pages = options.pages || ['pages/house/detail'];
  const tabs = options.tabs || ['pages/list/list'];
  const tried = [];
  const went = [];
  const said = [];
  const app = {};
  const listeners = [];
  const plain = (url) => url.split('?')[0].replace(/^\//, '');
  // Callbacks come later, as on a phone.
  const later = (f, value) => f && time.setTimeout(() => f(value), 5);
  const open = (how, what, refusal) => {
    tried.push(how);
    if (refusal) return later(what.fail, { errMsg: `${how}:fail ${refusal}` });
    went.push([how, what.url]);
    return later(what.success, { errMsg: `${how}:ok` });
  };

  const wx = {
    request: (what) => network.request(what),
    redirectTo: (what) => {
      const to = plain(what.url);
      const missing = pages.includes(to) ? '' : `page "${to}" is not found`;
      const refusal = tabs.includes(to) ? 'can not redirectTo a tabbar page' : missing;
      open('redirectTo', what, options.redirectFails || refusal);
    },
    switchTab: (what) => {
      const refusal = what.url.includes('?') ? 'a tab page has no query' : '';
      open('switchTab', what, tabs.includes(plain(what.url)) ? refusal : 'can not switch to no-tabBar page');
    },
    reLaunch: (what) => open('reLaunch', what, ''),
    getNetworkType: (what) => later(what.success, { networkType: options.networkType || 'wifi' }),
    getAppBaseInfo: () => ({ language: options.language || 'en' }),
    getSystemInfoSync: () => ({ language: options.language || 'en' }),
    getLaunchOptionsSync: () => ({ scene: 1001 }),
    getEnterOptionsSync: () => ({ scene: options.launch === undefined ? 1047 : options.launch }),
    getBackgroundFetchData: (what) => {
      if (what.fetchType !== 'pre') throw new Error(`fetchType ${what.fetchType}`);
      if (options.cached) later(what.success, options.cached);
      else later(what.fail, { errMsg: 'getBackgroundFetchData:fail' });
    },
    onBackgroundFetchData: (f) => listeners.push(f),
  };
  (options.without || []).forEach((name) => delete wx[name]);

  let definition = null;
  const globals = {
    wx,
    console: { warn: (text) => said.push(text), error: (text) => said.push(text) },
    module: { exports: {} },
    require: (name) => (name === './config.js' ? { ...config, ...options.config } : require(path.join(kit, name))),
    Page: (given) => { definition = given; },
    getApp: () => app,
    Date: { now: time.now },
    Math: { random: () => 0.5 },
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
  };
  new Function(...Object.keys(globals), fs.readFileSync(path.join(kit, 'index.js'), 'utf8'))(...Object.values(globals));

  const fresh = () => ({
    ...definition,
    route: page,
    data: { ...definition.data },
    setData(more) { Object.assign(this.data, more); },
  });
  return {
    time,
    network,
    app,
    tried,
    went,
    said,
    listeners,
    /// A person opens the page: WeChat calls onLoad, then onShow.
    open(query) {
      const opened = fresh();
      opened.onLoad(query);
      opened.onShow();
      return opened;
    },
    /// A pre-fetch that was under way arrives.
    lands(what) {
      listeners.forEach((f) => f(what));
    },
  };
}

module.exports = { kit, page, id, config, scene, problem, brought, phone, Network };
