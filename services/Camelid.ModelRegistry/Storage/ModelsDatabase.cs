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
