create table blocks (
    height bigint primary key,
    hash text not null);

create table transactions (
    txid text primary key,
    height bigint not null,
    position bigint not null,
    job_id text,
    fee_grains bigint not null);

create index transactions_by_height on transactions (height);
create index transactions_by_job on transactions (job_id);

create table job_offers (
    job_id text primary key,
    parameters {blob} not null,
    outpoint text not null,
    deposit_grains bigint not null,
    payment_lock_time bigint not null,
    created bigint not null);

create table deposits (
    outpoint text primary key,
    job_id text not null);

create table job_transactions (
    job_id text not null,
    kind text not null,
    txid text not null,
    raw {blob} not null,
    refund_time bigint not null,
    created bigint not null,
    superseded bigint not null,
    attempts bigint not null,
    primary key (job_id, kind));

create index job_transactions_waiting on job_transactions (superseded, attempts, created);

create table signed_words (
    job_id text not null,
    kind text not null,
    body {blob} not null,
    signature {blob} not null,
    primary key (job_id, kind));
