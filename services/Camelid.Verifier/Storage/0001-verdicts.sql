-- One verdict for each testament, written once and never changed.
create table verdicts (
    testament_hash text primary key,
    job_id text not null,
    level text not null,
    verdict text not null,
    finding text not null,
    position bigint not null,
    expected_token bigint,
    attestation {blob} not null,
    signature {blob} not null,
    verifier_key {blob} not null,
    draw_secret {blob} not null,
    at bigint not null,
    milliseconds bigint not null
);

create index verdicts_by_time on verdicts (at);
