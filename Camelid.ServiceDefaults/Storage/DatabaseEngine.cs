using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Camelid.ServiceDefaults.Storage;

/// <summary>What differs between the two engines: opening, the word for bytes, and who may write at once.</summary>
internal abstract class DatabaseEngine
{
    /// <summary>Stands for <c>blob</c> or <c>bytea</c> in migrations.</summary>
    public const string BlobToken = "{blob}";

    public abstract bool IsPostgreSql { get; }

    public abstract string BlobType { get; }

    /// <summary>Where the data lies, for messages; never a password.</summary>
    public abstract string Location { get; }

    public abstract Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Begins a transaction that will write.</summary>
    public abstract Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellationToken);
}

/// <summary>One file, WAL, synchronous FULL: a commit that was acknowledged survives a power cut.</summary>
internal sealed class SqliteEngine(string path) : DatabaseEngine
{
    public override bool IsPostgreSql => false;

    public override string BlobType => "blob";

    public override string Location => path;

    public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path }.ToString());
        await connection.OpenAsync(cancellationToken);
        using SqliteCommand pragmas = connection.CreateCommand();
        pragmas.CommandText =
            "pragma journal_mode=wal; pragma synchronous=full; pragma busy_timeout=5000; pragma foreign_keys=on;";
        await pragmas.ExecuteNonQueryAsync(cancellationToken);
        return connection;
    }

    public override Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellationToken) =>
        Task.FromResult<DbTransaction>(((SqliteConnection)connection).BeginTransaction(deferred: false));
}

/// <summary>A PostgreSQL database.</summary>
internal sealed class PostgreSqlEngine(NpgsqlDataSource source) : DatabaseEngine
{
    public override bool IsPostgreSql => true;

    public override string BlobType => "bytea";

    public override string Location
    {
        get
        {
            NpgsqlConnectionStringBuilder parts = new(source.ConnectionString);
            return $"{parts.Host}:{parts.Port}/{parts.Database}";
        }
    }

    public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        await source.OpenConnectionAsync(cancellationToken);

    public override async Task<DbTransaction> BeginWriteAsync(DbConnection connection,
        CancellationToken cancellationToken) =>
        await connection.BeginTransactionAsync(cancellationToken);
}
