-- What the wallet can't find in blocks.
create table wallet_addresses (
    owner text primary key,
    created bigint not null);

create table wallet_sends (
    request_id text primary key,
    txid text not null unique,
    raw {blob} not null,
    address text not null,
    grains bigint not null,
    fee_grains bigint not null,
    created bigint not null,
    state bigint not null,
    attempts bigint not null);

create table wallet_reserved (
    outpoint text primary key,
    request_id text not null);

create index wallet_reserved_by_request on wallet_reserved (request_id);

create table wallet_labels (
    subject text primary key,
    label text not null);

create table wallet_watched (
    content text primary key,
    created bigint not null);
