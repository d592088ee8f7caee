"""Tests of the whole program over its sockets: a simulator of WeChat, a node, clients."""
