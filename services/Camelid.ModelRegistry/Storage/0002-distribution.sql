-- Models whose chunks this operator offers to others, besides the one that it serves.
create table published_models (
    root text primary key,
    since bigint not null
);

-- Downloads: the row lets a restart go on; what came lies in the models folder.
create table pulls (
    root text primary key,
    name text not null,
    state text not null,
    reason text not null,
    message text not null,
    requested bigint not null,
    ended bigint not null
);

-- Nodes that sent what was not the model's: asked no more for a day.
create table pull_faults (
    address text primary key,
    node_id text not null,
    root text not null,
    fault text not null,
    noted bigint not null
);
