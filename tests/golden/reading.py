"""A second reading of the page: slow, plain, sharing nothing with the ledger.

Every command folds the whole history anew. Money is integers, interest fractions; a loan is a dict.
The tests hold the ledger against it on random lives of loans.
"""

import datetime as dt
from calendar import monthrange
from collections import defaultdict
from fractions import Fraction
from typing import Any

C = ("principal", "interest", "fees", "penalties", "tax")
NOTHING = dict.fromkeys(C, 0)


def years(day: dt.date, how: str) -> Fraction:
    y, m, d = day.year, day.month, day.day
    if how in ("ACT/365", "ACT/360"):
        return Fraction((day - dt.date(1, 1, 1)).days + 1, int(how[-3:]))
    if how == "ACT/ACT":
        length = (dt.date(y + 1, 1, 1) - dt.date(y, 1, 1)).days
        return y + Fraction(int(day.strftime("%j")) - 1, length)
    if how == "30E/360":
        return Fraction(360 * y + 30 * m + min(d, 30), 360)
    return (12 * y + m + Fraction(d - 1, monthrange(y, m)[1])) / 12


def whole(exact: Fraction, how: str) -> int:
    down = exact.numerator // exact.denominator
    rest = exact - down
    if rest != Fraction(1, 2):
        return down + (rest > Fraction(1, 2))
    return down + 1 if how == "HALF_UP" else down + down % 2


def share(amount: int, room: dict[str, int]) -> dict[str, int]:
    total = sum(room.values())
    exact = {c: Fraction(room[c] * amount, total) if total else Fraction(0) for c in C}
    parts = {c: int(exact[c]) for c in C}
    for c in sorted(C, key=lambda c: (parts[c] - exact[c], C.index(c))):
        if sum(parts.values()) < amount:
            parts[c] += 1
    return parts


def pour(amount: int, order: list[str], room: dict[str, int]) -> dict[str, int]:
    parts = dict.fromkeys(C, 0)
    for c in order:
        parts[c] = min(room[c], amount - sum(parts.values()))
    return parts


class Fold:
    """One loan under one policy. `policy` and `loan` are as in a file, money as minor units."""

    def __init__(self, policy: dict[str, Any], loan: dict[str, Any]) -> None:
        self.policy = policy
        self.loan = loan

    # --- accounts -----------------------------------------------------------------------------

    def code(self, role: str) -> str:
        mapped = self.policy["accounts"]
        family = next(
            (f for f in ("RECEIVABLE", "CHARGE_OFF", "WRITE_OFF") if role.startswith(f)), ""
        )
        return mapped.get(role, mapped.get(family, role))

    def loss_code(self, kind: str, c: str, reason: str | None) -> str:
        own = self.policy["reasons"].get(reason, {}).get(kind)
        if kind == "charge_off":
            if c != "principal":
                return self.code(f"CHARGE_OFF_{c.upper()}")
            if own:
                return own
            if self.loan["fraud"]:
                return self.code("FRAUD")
        elif own:
            return own
        if c == "principal" and self.policy["method"] == "allowance":
            return self.code("ALLOWANCE")
        return self.code(f"{kind.upper()}_{c.upper()}")

    def recovery_code(self) -> str:
        return self.code("ALLOWANCE" if self.policy["method"] == "allowance" else "RECOVERY")

    # --- the state ----------------------------------------------------------------------------

    def opening(self) -> dict[str, Any]:
        loan = self.loan
        lots = [
            {"kind": "charge_off", "c": c, "code": self.loss_code("charge_off", c, None), "left": n}
            for c, n in loan["CO"].items()
            if n
        ]
        return {
            "status": loan["status"],
            "BNK": dict(loan["BNK"]),
            "CO": dict(loan["CO"]),
            "CUST": dict(loan["CUST"]),
            "unearned": loan["unearned"],
            "deferred": loan["deferred"],
            "lots": lots,
            "recovered": dict.fromkeys(C, 0),
            "memo": 0,
            "over": 0,
            "E": {"BNK": Fraction(0), "CUST": Fraction(0)},
            "B": {"BNK": 0, "CUST": 0},
            "grown": loan["accrued_to"],
        }

    def net(self, s: dict[str, Any], book: str) -> dict[str, int]:
        return {c: s[book][c] - (s["unearned"] if c == "interest" else 0) for c in C}

    def standing(self, s: dict[str, Any], kind: str) -> dict[str, int]:
        return {
            c: sum(x["left"] for x in s["lots"] if x["kind"] == kind and x["c"] == c) for c in C
        }

    def claim(self, s: dict[str, Any]) -> dict[str, int]:
        kinds = self.standing(s, "charge_off"), self.standing(s, "write_off")
        return {c: kinds[0][c] + kinds[1][c] - s["recovered"][c] for c in C}

    def removable(self, s: dict[str, Any]) -> dict[str, int]:
        return {c: min(self.standing(s, "charge_off")[c], self.claim(s)[c]) for c in C}

    def flag(self, s: dict[str, Any]) -> str:
        if not any(self.standing(s, "charge_off").values()):
            return "NONE"
        return "PARTIAL" if sum(self.net(s, "BNK").values()) else "FULL"

    # --- a step of the fold ---------------------------------------------------------------------

    def grow(self, s: dict[str, Any], day: dt.date) -> None:
        how, rate = self.policy["day_count"], Fraction(self.loan["rate"]) / 100
        span = years(day, how) - years(s["grown"], how)
        still = self.policy["non_accrual"] == "CHARGE_OFF" and any(x["left"] for x in s["lots"])
        for book in ("BNK", "CUST"):
            if not (still and book == "BNK"):
                s["E"][book] += s[book]["principal"] * rate * span
        s["grown"] = day

    def apply(self, s: dict[str, Any], t: dict[str, Any]) -> dict[Any, list[int]]:
        self.lines: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        status, name = s["status"], t["command"]
        self.grow(s, t["date"])
        match name:
            case "charge_off" | "write_off":
                self.leave(s, t)
            case "remove_charge_off":
                self.remove(s, t)
            case "recover":
                self.recover(s, t)
            case "credit_balance_refund":
                self.pay_back(s, t)
            case "accrue":
                if s["status"] == "ACTIVE":
                    self.accrue(s)
            case _:
                self.pay(s, t)
        if name != "accrue" and s["unearned"] and not sum(self.net(s, "BNK").values()):
            given = NOTHING | {"interest": s["unearned"]}
            self.dr(self.code("UNEARNED_INTEREST"), s["unearned"])
            s["unearned"] = 0
            self.receivable(s, given, up=False)
            self.memo(s, "CUST", given, up=False)
        if status == "ACTIVE" != s["status"] and s["deferred"]:
            self.dr(self.code("DEFERRED_INCOME"), s["deferred"])
            loss = self.loss_code("write_off", "principal", t.get("reason"))
            written_off = s["status"] == "CLOSED_WRITTEN_OFF"
            self.cr(loss if written_off else self.code("FEE_INCOME"), s["deferred"])
            s["deferred"] = 0
        return {key: sides for key, sides in self.lines.items() if any(sides)}

    def dr(self, code: str, n: int, book: str = "BNK") -> None:
        self.lines[book, code][0] += n

    def cr(self, code: str, n: int, book: str = "BNK") -> None:
        self.lines[book, code][1] += n

    def memo(self, s: dict[str, Any], book: str, parts: dict[str, int], *, up: bool) -> None:
        for c in C:
            s[book][c] += parts[c] if up else -parts[c]
            (self.dr if up else self.cr)(c.upper(), parts[c], book)
            (self.cr if up else self.dr)("CONTRA", parts[c], book)

    def receivable(self, s: dict[str, Any], parts: dict[str, int], *, up: bool) -> None:
        for c in C:
            s["BNK"][c] += parts[c] if up else -parts[c]
            (self.dr if up else self.cr)(self.code(f"RECEIVABLE_{c.upper()}"), parts[c])

    def use(self, s: dict[str, Any], kind: str, c: str, n: int) -> int:
        for lot in reversed(s["lots"]):
            if lot["kind"] == kind and lot["c"] == c:
                used = min(n, lot["left"])
                lot["left"] -= used
                self.cr(lot["code"], used)
                n -= used
        return n

    def leave(self, s: dict[str, Any], t: dict[str, Any]) -> None:
        name, reason, parts = t["command"], t.get("reason"), self.takes(s, t)
        if name == "write_off":
            for lot in s["lots"]:
                if lot["kind"] == "charge_off" and lot["left"]:
                    code = self.loss_code("write_off", lot["c"], reason)
                    if code != lot["code"]:
                        self.dr(code, lot["left"])
                        self.cr(lot["code"], lot["left"])
                    lot.update(kind="write_off", code=code)
        before = s["BNK"]["principal"]
        for c in C:
            if parts[c]:
                code = self.loss_code(name, c, reason)
                self.dr(code, parts[c])
                s["lots"].append({"kind": name, "c": c, "code": code, "left": parts[c]})
        self.receivable(s, parts, up=False)
        self.memo(s, "CO", parts, up=True)
        factor = Fraction(s["BNK"]["principal"], before) if before else Fraction(0)
        booked = s["B"]["BNK"]
        s["E"]["BNK"] = booked + (s["E"]["BNK"] - booked) * factor
        if name == "write_off" and not sum(self.net(s, "BNK").values()):
            s["status"] = "CLOSED_WRITTEN_OFF"

    def remove(self, s: dict[str, Any], t: dict[str, Any]) -> None:
        parts = self.takes(s, t)
        self.receivable(s, parts, up=True)
        for c in C:
            self.use(s, "charge_off", c, parts[c])
        self.memo(s, "CO", parts, up=False)

    def recover(self, s: dict[str, Any], t: dict[str, Any]) -> None:
        falls = self.policy["waterfall"]
        parts = pour(t["amount"], falls["CO"], self.claim(s))
        self.dr(self.code("CASH"), t["amount"])
        self.cr(self.recovery_code(), t["amount"])
        for c in C:
            s["recovered"][c] += parts[c]
        self.memo(s, "CO", parts, up=False)
        self.memo(s, "CUST", pour(t["amount"], falls["CUST"], self.net(s, "CUST")), up=False)

    def pay(self, s: dict[str, Any], t: dict[str, Any]) -> None:
        name, over = t["command"], t["amount"]
        source = {"goodwill_credit": "GOODWILL", "refinance": "REFINANCE"}.get(name, "CASH")
        self.dr(self.code(source), t["amount"])
        if s["status"] == "ACTIVE":
            to_bank, to_co, to_cust = self.split(s, t)
            self.receivable(s, to_bank, up=False)
            self.come_back(s, to_co, refund=name == "refund")
            self.memo(s, "CO", to_co, up=False)
            self.memo(s, "CUST", to_cust, up=False)
            over -= sum(to_cust.values())
        self.cr(self.code("OVERPAYMENT"), over)
        s["over"] += over
        if name == "refinance":
            s["status"] = "CLOSED_REFINANCED"
        elif not sum(self.net(s, "BNK").values()) and not sum(s["CO"].values()):
            s["status"] = "OVERPAID" if s["over"] else "CLOSED_OBLIGATIONS_MET"

    def split(self, s: dict[str, Any], t: dict[str, Any]) -> tuple[dict[str, int], ...]:
        bank, falls = self.net(s, "BNK"), self.policy["waterfall"]
        if t.get("portions"):
            parts = NOTHING | t["portions"]
            return (parts, NOTHING, parts) if any(bank.values()) else (NOTHING, parts, parts)
        on = min(t["amount"], sum(bank.values()))
        offb = min(t["amount"] - on, sum(s["CO"].values()))
        return (
            pour(on, falls["BNK"], bank),
            pour(offb, falls["CO"], s["CO"]),
            pour(on + offb, falls["CUST"], self.net(s, "CUST")),
        )

    def come_back(self, s: dict[str, Any], parts: dict[str, int], *, refund: bool) -> None:
        claim = self.claim(s)
        for c in C:
            first = min(parts[c], claim[c])
            if refund:
                left = self.use(s, "charge_off", c, first)
                assert self.use(s, "write_off", c, left) == 0
            else:
                self.cr(self.recovery_code(), first)
                s["recovered"][c] += first
            self.cr(self.code("MEMO_INTEREST"), parts[c] - first)
            s["memo"] -= parts[c] - first

    def pay_back(self, s: dict[str, Any], t: dict[str, Any]) -> None:
        self.dr(self.code("OVERPAYMENT"), t["amount"])
        self.cr(self.code("CASH"), t["amount"])
        s["over"] -= t["amount"]
        if s["over"] == 0 and s["status"] == "OVERPAID":
            s["status"] = "CLOSED_OBLIGATIONS_MET"

    def accrue(self, s: dict[str, Any]) -> None:
        how = self.policy["rounding"]
        due = {book: whole(s["E"][book], how) - s["B"][book] for book in ("BNK", "CUST")}
        bank = max(0, min(due["BNK"], due["CUST"]))
        earned = min(bank, s["unearned"])
        self.cr(self.code("INTEREST_INCOME"), bank)
        self.dr(self.code("UNEARNED_INTEREST"), earned)
        s["unearned"] -= earned
        self.receivable(s, NOTHING | {"interest": bank - earned}, up=True)
        self.memo(s, "CO", NOTHING | {"interest": due["CUST"] - bank}, up=True)
        self.memo(s, "CUST", NOTHING | {"interest": due["CUST"] - earned}, up=True)
        s["memo"] += due["CUST"] - bank
        s["B"]["BNK"] += bank
        s["B"]["CUST"] += due["CUST"]

    def takes(self, s: dict[str, Any], t: dict[str, Any]) -> dict[str, int]:
        room = self.removable(s) if t["command"] == "remove_charge_off" else self.net(s, "BNK")
        if "components" in t:
            return NOTHING | t["components"]
        return share(self.wanted(room, t), room)

    def wanted(self, room: dict[str, int], t: dict[str, Any]) -> int:
        if "percent" in t:
            return whole(sum(room.values()) * t["percent"] / 100, self.policy["rounding"])
        return t["amount"] if "amount" in t else sum(room.values())
