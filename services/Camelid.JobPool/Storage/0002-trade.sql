-- Jobs between operators. side: own | bought (another operator runs it) | sold (run here for another one's client).
alter table jobs add column side text not null default 'own';
alter table jobs add column peer_node {blob};
alter table jobs add column order_answer_signature {blob};
alter table jobs add column peer_answered bigint not null default 0;
alter table jobs add column envelope {blob};
alter table jobs add column delivery {blob};
alter table jobs add column verify_by text not null default '';
alter table jobs add column verifier_node {blob};
alter table jobs add column verifier_stake_id {blob};
alter table jobs add column delivered bigint not null default 0;

create index jobs_by_stake on jobs (side, stake_id);

-- Checks that clients of other operators asked this operator's verifier for: one for each testament.
create table checks (
    testament_hash text primary key,
    job_id text not null,
    client_node {blob} not null,
    client_key {blob} not null,
    received bigint not null,
    sent bigint not null,
    answer {blob},
    answered bigint not null
);

create index checks_by_time on checks (received);
