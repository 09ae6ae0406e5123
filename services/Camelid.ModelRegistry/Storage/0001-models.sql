-- The models that this operator has.
-- The files are the truth about their content; the row says that they should be there.
create table models (
    root text primary key,
    name text not null,
    folder text not null,
    added bigint not null,
    state text not null
);

create index models_by_name on models (name);
