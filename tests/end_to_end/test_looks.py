"""A pool's look (page, env_version, width, colours) changes with its configuration: its stock is never mixed, is kept for a while, and is
there again when the change is taken back."""

from end_to_end.harness import EndToEnd, call, wait_until

PAGE, OTHER_PAGE = "pages/qr/index", "pages/qr/other"


class Looks(EndToEnd):
    def scenes(self):
        """{page: ids} of the images that WeChat made."""
        out = {}
        for one in call(self.sim.address, "GET", "/sim/scenes?limit=1000").json["scenes"]:
            out.setdefault(one["page"], set()).add(one["scene"])
        return out

    def restart_with(self, node, old, new):
        self.assertEqual(node.stop(), 0)
        text = node.config.read_text()
        self.assertIn(old, text)
        node.config.write_text(text.replace(old, new))
        node.start()
        wait_until(lambda: node.pool().get("generation"), 10, "the pool to be known")

    def draw(self, node, key, count):
        answers = [node.issue(key) for _ in range(count)]
        self.assertEqual({a.status for a in answers}, {201}, [a for a in answers if a.status != 201][:1])
        return {a.json["id"] for a in answers}

    def test_a_look_that_is_taken_back_has_its_stock_again(self):
        self.sim = self.simulator("--latency", "1:5")
        node = self.node(self.sim, low=40, high=40).start()
        key = node.key()
        node.wait_for_stock(40)
        first = node.pool()
        self.assertNotIn("former", first)

        self.restart_with(node, PAGE, OTHER_PAGE)
        node.wait_for_stock(40)
        second = node.pool()
        self.assertNotEqual(second["generation"], first["generation"])
        self.assertEqual([(f["generation"], f["codes"], f["look"]["page"]) for f in second["former"]], [(first["generation"], 40, PAGE)])
        for words in (("status",), ("pool", "show", "default")):
            self.assertIn(f"40 codes of a former look (generation {first['generation']}: {PAGE}, release, 430 px) are kept until {second['former'][0]['kept_until']}",
                          node.cli(*words, "-c", str(node.config)).stdout)
        self.assertIn("all is well", node.status()["judgement"])
        of_second = self.draw(node, key, 10)
        self.assertLessEqual(of_second, self.scenes()[OTHER_PAGE], "no code of the old look is handed out")
        wait_until(lambda: self.sim.app()["calls"] == 90 and node.pool()["level"] == 40, 20, "the stock to be filled up again")

        self.restart_with(node, OTHER_PAGE, PAGE)
        node.wait_for_stock(40, 10)
        third = node.pool()
        self.assertEqual(third["generation"], first["generation"])
        self.assertEqual([(f["generation"], f["codes"]) for f in third["former"]], [(second["generation"], 40)])
        self.assertEqual(self.sim.app()["calls"], 90, "the stock of before is there, nothing is fetched")
        self.assertLessEqual(self.draw(node, key, 10), self.scenes()[PAGE])
        for code in of_second:
            self.assertEqual(node.call("GET", f"/v1/scenes/{code}").status, 200)
        node.verify()

    def test_stock_of_a_former_look_dies_when_its_time_is_over_and_the_look_may_still_return(self):
        self.sim = self.simulator("--latency", "1:5")
        node = self.node(self.sim, low=40, high=40)
        node.config.write_text(node.config.read_text().replace("high: 40, reserve: 0 }", "high: 40, reserve: 0, age_out: 3s }"))
        node.start()
        node.wait_for_stock(40)
        first = node.pool()["generation"]
        self.restart_with(node, PAGE, OTHER_PAGE)
        former = wait_until(lambda: node.pool().get("former"), 10, "the old stock to be told")
        self.assertEqual(former[0]["codes"], 40)
        wait_until(lambda: "former" not in node.pool(), 30, "the old stock to die")
        node.wait_for_line(msg="generation aged out", generation=first, codes=40)
        node.verify()
        self.restart_with(node, OTHER_PAGE, PAGE)
        node.wait_for_stock(40)
        self.assertEqual(node.pool()["generation"], first)
        self.draw(node, node.key(), 5)
        node.verify()
