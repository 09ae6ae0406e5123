-- Derived from blocks: emptied and built anew whenever its version in the code is another one than here.
create table index_state (
    id bigint primary key,
    version bigint not null,
    height bigint not null,
    hash text not null);

drop index transactions_by_height;
create unique index transactions_by_place on transactions (height, position);

create table outputs (
    height bigint not null,
    position bigint not null,
    output_index bigint not null,
    owner text not null,
    kind bigint not null,
    grains bigint not null,
    spent_height bigint,
    spent_position bigint,
    spent_input bigint,
    primary key (height, position, output_index));

create index outputs_by_owner on outputs (owner, height, position);
create index outputs_by_owner_spent on outputs (owner, spent_height, spent_position);
create index outputs_by_spender on outputs (spent_height, spent_position);

create table block_totals (
    height bigint primary key,
    hash text not null,
    fees_grains bigint not null,
    issued_sum bigint not null,
    burned_sum bigint not null,
    fees_sum bigint not null,
    transactions_sum bigint not null,
    unspent_grains bigint not null,
    deposits_grains bigint not null,
    payments_grains bigint not null,
    stakes_grains bigint not null);
