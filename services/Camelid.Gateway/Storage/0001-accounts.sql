create table api_keys (
    key_hash text primary key,
    account text not null,
    scopes text not null,
    created bigint not null);

create table request_keys (
    fingerprint text primary key,
    request_key text not null,
    body_hash text not null,
    created bigint not null);

create index request_keys_created on request_keys (created);
