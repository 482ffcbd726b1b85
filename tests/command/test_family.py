"""The model of a run: processes, images, states, and what derives of them."""

import json
import re
import unittest

import sample
from midpool_lib.base import counters
from midpool_lib.base.style import Style
from midpool_lib.read import advice, family, merge, reports
from midpool_lib.show import tree

START = 1764034675000000000
SECOND = 10**9


def image(pid, start=0, seconds=1, gets=100, misses=10, **process):
    """A normalised report; start in seconds since that of the run."""
    wanted = dict(pid=pid, ppid=1, start_unix_ns=START + int(start * SECOND),
                  duration_ns=int(seconds * SECOND),
                  executable=f"/bin/p{pid}")
    wanted.update(process)
    report = sample.report({4096: dict(gets=gets, misses=misses)}, **wanted)
    step = wanted["duration_ns"] // 4
    report["intervals"] = [
        {"from_ns": n * step, "to_ns": (n + 1) * step, "gets": gets // 4,
         "hits": (gets - misses) // 4, "misses": gets // 4
         - (gets - misses) // 4, "live_bytes": 4096 * (n + 1)}
        for n in range(4)]
    return reports.normalise(report)


class States(unittest.TestCase):
    def test_reports_by_signals_are_states_not_summands(self):
        early = image(7, seconds=1, gets=13000, end="running")
        late = image(7, seconds=2, gets=20000)
        for several in ([early, late], [late, early], [late, late]):
            self.assertEqual(merge.add_up(several)["totals"]["gets"], 20000)

    def test_the_page_of_a_killed_process_is_later_than_its_reports(self):
        """It does not know when the process ended."""
        early = image(7, seconds=1, gets=13000, end="running")
        page = image(7, seconds=0, gets=20000, end="unknown")
        last = image(7, seconds=2, gets=21000, end="exit")
        for several, gets in (([early, page], 20000), ([page, early], 20000),
                              ([last, page], 21000), ([page, last], 21000)):
            self.assertEqual(merge.add_up(several)["totals"]["gets"], gets)

    def test_a_failed_exec_is_no_end(self):
        tried = image(7, seconds=1, gets=13000, end="exec")
        later = image(7, seconds=2, gets=20000, end="running")
        for several in ([tried, later], [later, tried]):
            self.assertEqual(merge.add_up(several)["totals"]["gets"], 20000)

    def test_a_pid_used_again_is_another_process(self):
        whole = merge.add_up([image(7), image(7, start=5)])
        self.assertEqual(whole["totals"]["gets"], 200)
        self.assertEqual(whole["run"]["processes"], 2)

    def test_an_image_after_exec_is_the_same_process(self):
        whole = merge.add_up([image(7, end="exec"),
                              image(7, start=1, generation=2)])
        self.assertEqual((whole["run"]["processes"], whole["run"]["images"]),
                         (1, 2))
        self.assertTrue(whole["run"]["is_one_program"])

    def test_a_member_of_a_profile_is_not_added_again(self):
        main, child = image(7), image(8, ppid=7)
        whole = reports.normalise(json.loads(json.dumps(
            merge.add_up([main, child]))))
        again = merge.add_up([whole, child])
        self.assertEqual(again["totals"]["gets"], 200)
        self.assertEqual(again["run"]["images"], 2)


class FewGets(unittest.TestCase):
    """Misses of many small processes are no reason to warn; those of a large
    one are, however many small ones there are."""

    def judged(self, *sizes):
        images = [image(2 + number, gets=gets, misses=gets // 3)
                  for number, gets in enumerate(sizes)]
        for one in images:  # misses that are no first uses
            for pool in one["pools"]:
                for row in pool["classes"]:
                    row["live"] = row["peak_live_bytes"] = 0
        whole = merge.add_up(images)
        return [[entry["id"] for entry in whole[part]]
                for part in ("warnings", "hints")]

    def test_most_gets_decide(self):
        for sizes, warned in (([999] * 50, False), ([1000] * 50, True),
                              ([900] * 10 + [8997], False),
                              ([900] * 10 + [9000], True)):
            warnings, hints = self.judged(*sizes)
            self.assertEqual("hit_rate" in warnings, warned, sizes)
            self.assertEqual("few_gets" in hints, not warned, sizes)


class Judged(unittest.TestCase):
    """Warnings about a sum follow stats/render/advice.c."""

    def said(self, *several, live=0, peak=0):
        for report in several:
            for row in [report["totals"]] + report["pools"] + [
                    row for pool in report["pools"]
                    for row in pool["classes"]]:
                if row["gets"]:
                    row["live"], row["puts"] = live, row["gets"] - live
                    row["peak_live_bytes"] = max(live, peak) * 4096
        whole = merge.add_up(list(several))
        return {entry["id"]: entry["message"]
                for part in ("warnings", "hints") for entry in whole[part]}

    def test_few_gets_are_not_judged_many_are(self):
        self.assertEqual(self.said(image(7, gets=500, misses=250),
                                   image(8, gets=499, misses=250)), {})
        self.assertEqual(list(self.said(image(7, gets=500, misses=250),
                                        image(8, gets=500, misses=250))),
                         ["few_gets"])
        self.assertEqual(self.said(image(7, gets=1000, misses=500),
                                   image(8, gets=500, misses=250)),
                         {"hit_rate": "hit rate 50.0 % of 1,500 gets is below"
                          " 95 % (warn_below)"})

    def test_guarded_gets_are_no_fault_of_the_pools(self):
        def guarded(pid, sampled):
            report = image(pid, gets=2000, misses=1000)
            report["guard"] = {"sampled": sampled, "caught": 0}
            return report

        self.assertEqual(
            self.said(guarded(7, 1000), guarded(8, 1000)),
            {"guarded": "2,000 of 2,000 misses were guarded gets (guard),"
             " which take new memory each time and say nothing of the pools"})
        self.assertEqual(
            self.said(guarded(7, 500), guarded(8, 500))["hit_rate"],
            "hit rate 66.7 % of 3,000 unguarded gets is below 95 %"
            " (warn_below)")

    def test_first_uses_of_memory_in_use_are_no_fault(self):
        pair = dict(gets=1000, misses=300)
        self.assertEqual(self.said(image(7, **pair), image(8, **pair),
                                   live=250), {})
        self.assertIn("hit_rate", self.said(image(7, **pair),
                                            image(8, **pair), live=249))

    def test_first_uses_at_the_peak_of_each_process_are_no_fault(self):
        pair = dict(gets=1000, misses=300)
        self.assertEqual(self.said(image(7, **pair), image(8, **pair),
                                   peak=250), {})
        self.assertIn("hit_rate", self.said(image(7, **pair),
                                            image(8, **pair), peak=249))

    def test_one_process_is_not_judged_for_all(self):
        child = image(8)
        child["hints"] = [{"id": name, "message": "of one process"}
                          for name in ("few_gets", "first_uses", "waste")]
        self.assertEqual(self.said(image(7, gets=5000, misses=1), child), {})

    def test_bytes_of_bypasses_leave_the_share_above_unknown(self):
        def large():
            report = image(7, gets=10)
            report["fallback"]["above"] = {"calls": 5000, "bytes": 1 << 40}
            return report

        self.assertIn("above_band", self.said(large(), image(8, gets=10)))
        bypassing = large()
        bypassing["totals"]["bypasses"] = 50
        self.assertEqual(self.said(bypassing, image(8, gets=10)), {})

    def test_thresholds_are_the_librarys(self):
        with open(sample.SOURCE + "/stats/render/advice.h",
                  encoding="utf-8") as file:
            few, = re.findall(r"ADVICE_FEW_GETS = (\d+)", file.read())
        self.assertEqual(int(few), advice.FEW_GETS)


    def test_runs_are_told_apart(self):
        """By parents that lived; a pid used again is another's."""
        first = [image(7), image(8, 0.5, ppid=7), image(7, 0, 0.2)]
        second = [image(9, 20, ppid=5), image(10, 21, ppid=7),
                  image(9, 22, ppid=5, generation=2)]
        second[0]["process"]["end"] = "exec"
        whole = merge.runs(first + second)
        self.assertEqual([profile["totals"]["gets"] for profile in whole],
                         [200, 200, 100])


class Derived(unittest.TestCase):
    def test_equations_hold_for_sums(self):
        whole = merge.add_up([image(n, gets=100 * n, misses=n)
                              for n in range(1, 9)])
        for row in [whole["totals"]] + whole["pools"]:
            self.assertEqual(row["gets"], row["hits"] + row["misses"])
            self.assertEqual(row["gets"] - row["puts"], row["live"])
        for name in counters.NAMES:
            if name != "peak_live_bytes":
                self.assertEqual(whole["totals"][name], sum(
                    pool[name] for pool in whole["pools"]), name)

    def test_the_duration_is_from_the_first_start_to_the_last_end(self):
        process = merge.of_run(*_exec_chain())["process"]
        self.assertEqual(process["duration_ns"], 600 * SECOND)
        self.assertEqual(process["start_unix_ns"], START)

    def test_peaks_of_one_after_another_are_no_sum(self):
        one_by_one = merge.add_up([image(7, 0), image(8, 1), image(9, 2)])
        self.assertEqual(one_by_one["totals"]["peak_live_bytes"], 10 * 4096)
        self.assertFalse(one_by_one["run"]["peaks_are_bounds"])

    def test_peaks_side_by_side_are_bounds(self):
        whole = merge.add_up([image(7, 0, 3), image(8, 1), image(9, 2)])
        self.assertEqual(whole["totals"]["peak_live_bytes"], 20 * 4096)
        self.assertEqual(whole["pools"][1]["peak_live_bytes"], 20 * 4096)
        self.assertEqual(whole["threads"]["peak"], 8)
        self.assertTrue(whole["run"]["peaks_are_bounds"])

    def test_an_end_that_nobody_saw_may_be_late(self):
        whole = merge.add_up([image(7, 0, end="unknown"), image(8, 5)])
        self.assertEqual(whole["totals"]["peak_live_bytes"], 20 * 4096)

    def test_a_peak_of_an_image_without_duration_counts(self):
        whole = merge.add_up([image(7, 0, 0), image(8, 5, gets=1, misses=1)])
        self.assertEqual(whole["totals"]["peak_live_bytes"], 10 * 4096)

    def test_curves_are_merged_in_time(self):
        whole = merge.add_up([image(7, 0, 4, gets=400, misses=40),
                              image(8, 8, 4, gets=4000, misses=400)])
        points = whole["intervals"]
        self.assertLessEqual(len(points), 65)
        self.assertEqual(points[-1]["to_ns"], 12 * SECOND)
        for name in ("gets", "hits", "misses"):
            self.assertEqual(sum(point[name] for point in points),
                             whole["totals"][name], name)
        for point in points:
            middle = (point["from_ns"] + point["to_ns"]) / 2 / SECOND
            self.assertEqual(point["gets"] > 0, not 4 < middle < 8, point)
            if 5 < middle < 7:
                self.assertEqual(point["live_bytes"], 0)
        self.assertEqual(points[-1]["live_bytes"], 4 * 4096)

    def test_the_waste_hint_is_of_the_sum(self):
        several = []
        for pid in (1, 2):
            report = sample.report({5120: dict(gets=10000, misses=1,
                                               used=0.8)}, pid=pid,
                                   start_unix_ns=START)
            report["hints"] = [{"id": "waste", "message": "10 MB of one"},
                               {"id": "remark", "message": "a remark"}]
            several.append(reports.normalise(report))
        hints = [entry["message"] for entry in merge.add_up(several)["hints"]]
        self.assertIn("most (19.5 MB) in buffers of 5,120 bytes", hints[0])
        self.assertEqual(hints[1:], ["sqlite3: a remark (and 1 more)"])

    def test_what_an_earlier_image_does_not_know_its_process_does(self):
        several = list(_exec_chain()[1])
        several[-1]["memory"]["peak_rss_bytes"] = 5 << 20
        self.assertEqual(merge.add_up(several)["memory"]["peak_rss_bytes"],
                         5 << 20)

    def test_cpu_time_goes_on_over_an_exec(self):
        several = list(_exec_chain()[1])
        for report, used in zip(several, (3, 5, 7)):
            report["process"]["cpu_user_ns"] = used
        other = image(8, 1, 2)
        other["process"]["cpu_user_ns"] = 100
        total = merge.add_up(several + [other])
        self.assertEqual(total["process"]["cpu_user_ns"], 107)

    def test_a_peak_is_exact_where_all_are_and_none_met(self):
        several = list(_exec_chain()[1])
        for report in several:
            report["memory"]["peak_live_is_exact"] = True
        self.assertIs(merge.add_up(several)["memory"]["peak_live_is_exact"],
                      True)
        several[1]["memory"]["peak_live_is_exact"] = False
        self.assertIs(merge.add_up(several)["memory"]["peak_live_is_exact"],
                      False)


def _exec_chain():
    several = [image(7, 0, 590, end="exec"),
               image(7, 590, 9.99, end="exec", generation=2),
               image(7, 599.99, 0.01, generation=3)]
    return several[-1], several


class Trees(unittest.TestCase):
    def test_parents_are_those_that_lived(self):
        several = [image(7, 0, 9, generation=1, end="exec"),
                   image(8, 1, ppid=7),
                   image(7, 2, generation=2, executable="/bin/new"),
                   image(9, 3, ppid=7)]
        lines = tree.lines(several, Style(utf8=False, colour=False))[1:]
        self.assertEqual([line.split("B  ", 1)[1] for line in lines],
                         ["p7", "  p8", "  new", "    p9"])

    def test_many_processes_are_quick_and_keep_no_copy(self):
        several = [image(n, n / 100, 0.5, gets=8, misses=4)
                   for n in range(1, 501)]
        whole = merge.add_up(several)
        self.assertEqual(whole["totals"]["gets"], 4000)
        self.assertIs(whole["children"][-1], several[-1])
        # At most 51 live at a time, of 4 buffers each.
        self.assertLessEqual(whole["totals"]["peak_live_bytes"],
                             51 * 4 * 4096)
        self.assertEqual(len(family.Family([whole])), 500)


if __name__ == "__main__":
    unittest.main()
