"""Reads what /v1/phones.bin and /v1/private.bin send: a second implementation of the format, from its description in
pipelines/lists/list_update.h alone. Nothing but Python's own library."""
import hashlib


class Damaged(Exception):
    pass


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Damaged("too short")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        return self.take(self.number())


def rice(block, count, parameter):
    bits = (byte >> i & 1 for byte in block for i in range(8))
    try:
        for _ in range(count):
            quotient = 0
            while next(bits):
                quotient += 1
            yield quotient << parameter | sum(next(bits) << i for i in range(parameter))
    except (StopIteration, RuntimeError):
        raise Damaged("too few bits")


def elements(data, form):
    count = data.number()
    if count == 0:
        return []
    values = [data.number()]
    if count == 1:
        return values
    if form == 1:
        gaps = (data.number() for _ in range(count - 1))
    else:
        parameter = data.take(1)[0]
        gaps = rice(data.text(), count - 1, parameter)
    for gap in gaps:
        values.append(values[-1] + gap)
    return values


class HeldList:
    """Changes only as a whole, and only into what the update says."""

    def __init__(self, form):
        self.form, self.values, self.version = form, [], ""

    def apply(self, message):
        data = Bytes(message)
        if data.take(4) != b"RFL1" or data.take(1)[0] != self.form:
            raise Damaged("another form")
        begins, version = data.text().decode(), data.text().decode()
        if begins and begins != self.version:
            raise Damaged("for another version")
        removals, additions = elements(data, self.form), elements(data, self.form)
        count, digest = data.number(), data.take(32)
        kept = set(self.values) - set(removals) if begins else set()
        made = sorted(kept | set(additions))
        width = 8 if self.form == 1 else 4
        digest_made = hashlib.sha256(b"".join(value.to_bytes(width, "big") for value in made)).digest()
        if data.at != len(message) or len(made) != count or digest_made != digest:
            raise Damaged("it does not lead to what it says")
        self.values, self.version = made, version
        return not begins
