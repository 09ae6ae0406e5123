using Camelid.ServiceDefaults.Storage;

namespace Camelid.ModelRegistry.Storage;

/// <summary>The database <c>models</c>.</summary>
internal sealed class ModelsDatabase(ServiceDatabaseOptions<ModelsDatabase> options) : ServiceDatabase(options)
{
    /// <summary>All models, in the order in which they came.</summary>
    public Task<IReadOnlyList<ModelRow>> ListAsync(CancellationToken cancellationToken) => ReadAsync(
        session => session.QueryAsync<ModelRow>(
            "select root, name, folder, added, state from models order by added, root"),
        cancellationToken);

    /// <summary>
    /// Notes a model, or its new state. Safe to repeat; <see cref="ModelRow.Added"/> stays what it was first.
    /// </summary>
    public Task SaveAsync(ModelRow row, CancellationToken cancellationToken) => WriteAsync(
        session => session.ExecuteAsync(
            """
            insert into models (root, name, folder, added, state) values (@Root, @Name, @Folder, @Added, @State)
            on conflict (root) do update set folder = excluded.folder, state = excluded.state
            """,
            row),
        cancellationToken);

    /// <summary>Forgets a model. Safe to repeat.</summary>
    public Task RemoveAsync(string root, CancellationToken cancellationToken) => WriteAsync(
        async session =>
        {
            await session.ExecuteAsync("delete from models where root = @root", new { root });
            await session.ExecuteAsync("delete from published_models where root = @root", new { root });
            await session.ExecuteAsync("delete from pulls where root = @root", new { root });
        },
        cancellationToken);

    /// <summary>Roots of the models that were published.</summary>
    public Task<IReadOnlyList<string>> ListPublishedAsync(CancellationToken cancellationToken) => ReadAsync(
        session => session.QueryAsync<string>("select root from published_models order by since, root"),
        cancellationToken);

    /// <summary>Notes that a model is published. Safe to repeat.</summary>
    public Task PublishAsync(string root, long since, CancellationToken cancellationToken) => WriteAsync(
        session => session.ExecuteAsync(
            "insert into published_models (root, since) values (@root, @since) on conflict (root) do nothing",
            new { root, since }),
        cancellationToken);

    /// <summary>All downloads, the oldest first.</summary>
    public Task<IReadOnlyList<PullRow>> ListPullsAsync(CancellationToken cancellationToken) => ReadAsync(
        session => session.QueryAsync<PullRow>(
            "select root, name, state, reason, message, requested, ended from pulls order by requested, root"),
        cancellationToken);

    /// <summary>Notes a download, or where it is.</summary>
    public Task SavePullAsync(PullRow row, CancellationToken cancellationToken) => WriteAsync(
        session => session.ExecuteAsync(
            """
            insert into pulls (root, name, state, reason, message, requested, ended)
            values (@Root, @Name, @State, @Reason, @Message, @Requested, @Ended)
            on conflict (root) do update set name = excluded.name, state = excluded.state, reason = excluded.reason,
            message = excluded.message, requested = excluded.requested, ended = excluded.ended
            """,
            row),
        cancellationToken);

    /// <summary>Nodes that did wrong since a time; older ones are forgotten with it.</summary>
    public async Task<IReadOnlyList<PullFaultRow>> ListFaultsAsync(long since, CancellationToken cancellationToken)
    {
        await WriteAsync(
            session => session.ExecuteAsync("delete from pull_faults where noted < @since", new { since }),
            cancellationToken);
        return await ReadAsync(
            session => session.QueryAsync<PullFaultRow>(
                "select address, node_id, root, fault, noted from pull_faults order by noted desc, address"),
            cancellationToken);
    }

    /// <summary>Notes what a node did.</summary>
    public Task SaveFaultAsync(PullFaultRow row, CancellationToken cancellationToken) => WriteAsync(
        session => session.ExecuteAsync(
            """
            insert into pull_faults (address, node_id, root, fault, noted)
            values (@Address, @NodeId, @Root, @Fault, @Noted)
            on conflict (address) do update set node_id = excluded.node_id, root = excluded.root,
            fault = excluded.fault, noted = excluded.noted
            """,
            row),
        cancellationToken);
}

/// <summary>A model that should be here.</summary>
internal sealed record ModelRow
{
    /// <summary>State of a model whose files were intact at the last look.</summary>
    public const string Present = "present";

    /// <summary>State of a model of which a file is missing or damaged.</summary>
    public const string Damaged = "damaged";

    /// <summary>The model root, 64 hexadecimal digits.</summary>
    public string Root { get; init; } = "";

    /// <summary>The name that people use.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where the files lie.</summary>
    public string Folder { get; init; } = "";

    /// <summary>When it came, Unix milliseconds.</summary>
    public long Added { get; init; }

    /// <summary><see cref="Present"/> or <see cref="Damaged"/>.</summary>
    public string State { get; init; } = "";
}
