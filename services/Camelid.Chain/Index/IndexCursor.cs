using Camelid.ServiceDefaults.Storage;

namespace Camelid.Chain.Index;

/// <summary>How far the derived tables are, and by which version of their meaning they were filled.</summary>
internal sealed record IndexCursor
{
    /// <summary>
    /// Rule W-02: raise it with every change of what the derived tables hold: the next start builds them anew.
    /// </summary>
    public const long CurrentVersion = 1;

    /// <summary>The version that filled the tables; 0 where none did.</summary>
    public long Version { get; init; }

    /// <summary>Height of the last block in them; 0 is genesis, which has no rows.</summary>
    public long Height { get; init; }

    /// <summary>Hash of that block, as it is shown; empty at genesis.</summary>
    public string Hash { get; init; } = "";

    /// <summary>The cursor of this database.</summary>
    public static async Task<IndexCursor> ReadAsync(DatabaseSession session) =>
        await session.QueryFirstOrDefaultAsync<IndexCursor>(
            "select version as Version, height as Height, hash as Hash from index_state where id = 1")
        ?? new IndexCursor();

    /// <summary>Moves the cursor, in the transaction of the rows that it stands for.</summary>
    public static Task WriteAsync(DatabaseSession session, long height, string hash) => session.ExecuteAsync(
        """
        insert into index_state (id, version, height, hash) values (1, @version, @height, @hash)
        on conflict (id) do update set version = excluded.version, height = excluded.height, hash = excluded.hash
        """,
        new { version = CurrentVersion, height, hash });
}
