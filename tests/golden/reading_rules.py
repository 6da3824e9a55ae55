"""The second reading of the page, its rules: refusals, the history, what is replayed."""

from copy import deepcopy
from typing import Any

from .reading import Fold

LOSSES = ("charge_off", "write_off", "remove_charge_off")
PAYMENTS = ("repay", "refund", "goodwill_credit", "pay_off")


class No(Exception):
    """A refusal, by its code."""


class Reading(Fold):
    """One loan, asked one command after the other."""

    def __init__(self, policy: dict[str, Any], loan: dict[str, Any]) -> None:
        super().__init__(policy, loan)
        self.history: list[dict[str, Any]] = []
        self.arrivals = 0

    def folded(self, history: list[dict[str, Any]], new: dict[str, Any] | None, old: int) -> Any:
        """Give the state and each transaction's lines; what stands from place `old` on replays."""
        s, lines = self.opening(), []
        for place, t in enumerate(history):
            if t is new:
                self.place(s, t)
            elif place >= old:
                try:
                    self.stage(s, t, replayed=True)
                    self.place(s, t)
                except No as no:
                    raise No("REPLAY_REFUSED") from no
            lines.append(self.apply(s, t))
        return s, lines

    def stage(self, s: dict[str, Any], t: dict[str, Any], *, replayed: bool = False) -> None:
        """Rules 17 to 24 for what adds a transaction."""
        name, status = t["command"], s["status"]
        late = replayed and name in (*PAYMENTS, "accrue")
        if name in ("recover", "credit_balance_refund"):
            if status in ("PENDING", "CLOSED_REFINANCED"):
                raise No("LOAN_NOT_ACTIVE")
        elif status == "CLOSED_WRITTEN_OFF" and not late:
            raise No("ALREADY_WRITTEN_OFF")
        elif status != "ACTIVE" and not late:
            raise No("LOAN_NOT_ACTIVE")
        stands = sum(self.standing(s, "charge_off").values()) > 0
        if name == "remove_charge_off" and not stands:
            raise No("NOT_CHARGED_OFF")
        if name == "recover" and status != "CLOSED_WRITTEN_OFF":
            raise No("NOT_WRITTEN_OFF")
        if name == "credit_balance_refund" and not s["over"]:
            raise No("NOT_OVERPAID")
        if name == "charge_off" and self.flag(s) == "FULL":
            raise No("ALREADY_CHARGED_OFF")
        if name == "refinance" and sum(s["CO"].values()):
            raise No("LOAN_CHARGED_OFF")
        if name == "write_off" and stands and "full" not in t:
            raise No("WRITE_OFF_MUST_BE_FULL")

    def place(self, s: dict[str, Any], t: dict[str, Any]) -> None:
        """Rules 32 to 37."""
        name = t["command"]
        if name in LOSSES:
            removal = name == "remove_charge_off"
            room = self.removable(s) if removal else self.net(s, "BNK")
            reclassifies = name == "write_off" and any(self.standing(s, "charge_off").values())
            if ("full" in t or "percent" in t) and not self.wanted(room, t) and not reclassifies:
                raise No("NOTHING_OUTSTANDING")
            above = t.get("amount", 0) > sum(room.values())
            above = above or any(n > room[c] for c, n in t.get("components", {}).items())
            if above:
                code = "REMOVAL_EXCEEDS_CHARGED_OFF" if removal else "AMOUNT_EXCEEDS_OUTSTANDING"
                raise No(code)
        if name == "recover" and t["amount"] > sum(self.claim(s).values()):
            raise No("RECOVERY_EXCEEDS_REMAINING")
        if name == "credit_balance_refund" and t["amount"] > s["over"]:
            raise No("AMOUNT_EXCEEDS_CREDIT_BALANCE")
        if t.get("portions") and s["status"] == "ACTIVE":
            books = [b for b in (self.net(s, "BNK"), s["CO"]) if any(b.values())]
            good = len(books) == 1 and sum(t["portions"].values()) == t["amount"]
            if not good or any(
                n > min(books[0][c], self.net(s, "CUST")[c]) for c, n in t["portions"].items()
            ):
                raise No("PORTIONS_MISMATCH")

    # --- a command ----------------------------------------------------------------------------

    def ordered(self) -> list[dict[str, Any]]:
        return sorted((t for t in self.history if t["stands"]), key=lambda t: (t["date"], t["n"]))

    def now(self) -> dict[str, Any]:
        history = self.ordered()
        return self.folded(history, None, len(history))[0]

    def ask(self, t: dict[str, Any]) -> list[tuple[str, str, dict[Any, list[int]]]]:
        """Do a command whose fields are read, or raise No. Gives the entries: tx, kind, lines."""
        t = deepcopy(t)
        ordered, s, name = self.ordered(), self.now(), t["command"]
        gone = self.refuse_now(t, s, ordered)
        if name in ("pay_off", "refinance"):
            t.setdefault("amount", sum(self.net(s, "CUST").values()))
        if gone:
            after = [x for x in ordered if x is not gone]
            old, new = ordered.index(gone), None
        else:
            t |= {"n": self.arrivals + 1, "stands": True}
            after = sorted([*ordered, t], key=lambda x: (x["date"], x["n"]))
            old, new = after.index(t), t
        _, lines = self.folded(after, new, old)
        changed = [
            (x, fresh)
            for x, fresh in zip(after, lines, strict=True)
            if x is not new and x["lines"] != fresh
        ]
        away = [x for x in ordered if x is gone or any(x is y for y, _ in changed)]
        entries = [
            (x["tx"], "REVERSE", {key: [c, d] for key, (d, c) in x["lines"].items()})
            for x in reversed(away)
        ]
        if new:
            new["lines"] = lines[old]
            entries.append((new["tx"], "POST", new["lines"]))
            self.history.append(new)
            self.arrivals += 1
        for x, fresh in changed:
            x["lines"] = fresh
            entries.append((x["tx"], "REPLAY", fresh))
        if gone:
            gone["stands"] = False
        return entries

    def refuse_now(self, t: dict[str, Any], s: Any, ordered: Any) -> dict[str, Any] | None:
        """Rules 13 to 31. Gives what a reverse or undo takes away."""
        name, latest = t["command"], {x["command"]: x for x in ordered}
        gone: dict[str, Any] | None = None
        if t["date"] < self.loan["opened"]:
            raise No("DATE_BEFORE_OPENING")
        if name == "reverse":
            named = [x for x in self.history if x["tx"] == t["of"]]
            if not named:
                raise No("UNKNOWN_TRANSACTION")
            [gone] = named
            if not gone["stands"]:
                raise No("ALREADY_REVERSED")
        if name == "undo":
            gone = latest.get(t["what"])
        loss = name == "reverse" and gone and gone["command"] in LOSSES
        if (loss or name in ("undo", "remove_charge_off")) and t.get("cause") != "ERROR":
            raise No("UNDO_ONLY_FOR_ERROR")
        if name in ("reverse", "undo"):
            self.refuse_taking_away(t, s, gone, latest)
        else:
            self.stage(s, t)
        if gone and gone["command"] == "write_off" and "recover" in latest:
            raise No("RECOVERY_STANDS")
        if name == "undo" and [x for x in ordered if x["command"] != "accrue"][-1] is not gone:
            raise No("NOT_LAST_TRANSACTION")
        self.refuse_day(t, ordered, latest)
        owed = sum(self.net(s, "CUST").values())
        if name in ("pay_off", "refinance") and t.get("amount", owed) != owed:
            raise No("PAY_OFF_AMOUNT_MISMATCH")
        return gone

    def refuse_day(self, t: Any, ordered: Any, latest: Any) -> None:
        name, day = t["command"], t["date"]
        if name == "write_off" and day < latest.get("charge_off", t)["date"]:
            raise No("DATE_BEFORE_CHARGE_OFF")
        follows = (*LOSSES, "recover", "credit_balance_refund")
        users = [x for x in ordered if x["command"] != "accrue"]
        before = users if name in follows else ordered if name in ("pay_off", "refinance") else []
        if any(day < x["date"] for x in before):
            raise No("DATE_BEFORE_LAST_TRANSACTION")
        accrued = latest.get("accrue", {"date": self.loan["accrued_to"]})["date"]
        if name == "accrue" and day <= accrued:
            raise No("ALREADY_ACCRUED")

    def refuse_taking_away(self, t: Any, s: Any, gone: Any, latest: Any) -> None:
        name, undone = t["command"], t.get("what")
        fine = undone == "write_off" or (
            name == "reverse" and (gone["command"] == "recover" or gone is latest.get("write_off"))
        )
        if s["status"] == "CLOSED_WRITTEN_OFF" and not fine:
            raise No("ALREADY_WRITTEN_OFF")
        if s["status"] in ("PENDING", "CLOSED_REFINANCED"):
            raise No("LOAN_NOT_ACTIVE")
        if undone == "charge_off" and (not gone or self.flag(s) == "NONE"):
            raise No("NOT_CHARGED_OFF")
        if undone == "write_off" and not gone:
            raise No("NOT_WRITTEN_OFF")
