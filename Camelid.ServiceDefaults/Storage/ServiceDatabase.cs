using System.Data.Common;
using System.Reflection;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.ServiceDefaults.Storage;

/// <summary>How a service's database is reached. Made by <c>AddServiceDatabase</c>.</summary>
/// <typeparam name="TDatabase">The service's own database class.</typeparam>
public sealed class ServiceDatabaseOptions<TDatabase> : ServiceDatabaseOptions
    where TDatabase : ServiceDatabase
{
    internal ServiceDatabaseOptions(string name, DatabaseEngine engine, TimeProvider time, string migrations)
        : base(name, engine, typeof(TDatabase).Assembly, time) => MigrationsFolder = migrations;
}

/// <summary>How a service's database is reached.</summary>
public abstract class ServiceDatabaseOptions
{
    /// <summary>Where the migrations of a service with one database lie.</summary>
    public const string FolderDefault = "Storage";

    private protected ServiceDatabaseOptions(string name, DatabaseEngine engine, Assembly migrations, TimeProvider time)
    {
        Name = name;
        Engine = engine;
        Migrations = migrations;
        Time = time;
    }

    /// <summary>Name of the database, such as <c>jobs</c>.</summary>
    public string Name { get; }

    internal DatabaseEngine Engine { get; }

    internal Assembly Migrations { get; }

    /// <summary>The folder of its migrations: a service with two databases has two.</summary>
    internal string MigrationsFolder { get; private protected init; } = FolderDefault;

    internal TimeProvider Time { get; }

    /// <summary>A SQLite database in a file, for tests that need no host.</summary>
    public static ServiceDatabaseOptions<TDatabase> ForFile<TDatabase>(
        string name, string path, TimeProvider time, string migrations = FolderDefault)
        where TDatabase : ServiceDatabase => new(name, new SqliteEngine(path), time, migrations);

    internal static ServiceDatabaseOptions<TDatabase> ForFolder<TDatabase>(
        string name, DataFolder folder, TimeProvider time, string migrations)
        where TDatabase : ServiceDatabase =>
        ForFile<TDatabase>(name, Path.Combine(folder.Databases, name + ".db"), time, migrations);
}

/// <summary>
/// The database of one service: SQLite in one process, PostgreSQL in a cluster. Each unit of work is one transaction;
/// messages written in it leave after the commit, by the outbox.
/// </summary>
public abstract class ServiceDatabase : IDisposable
{
    private readonly ServiceDatabaseOptions options;
    private readonly SemaphoreSlim sqliteWriter = new(1, 1);
    private readonly SemaphoreSlim migrating = new(1, 1);
    private volatile bool migrated;

    /// <summary>A database; it is opened and migrated at its first use.</summary>
    protected ServiceDatabase(ServiceDatabaseOptions options) => this.options = options;

    /// <summary>Name of the database, such as <c>jobs</c>.</summary>
    public string Name => options.Name;

    /// <summary>Where the data lies, for messages.</summary>
    public string Location => options.Engine.Location;

    /// <summary>What to do where it cannot be used.</summary>
    internal string Remedy => IsPostgreSql
        ? $"Start it, or correct ConnectionStrings__{Name}."
        : "Correct the file's owner and rights, or restore it from a copy of the data folder.";

    /// <summary>True on PostgreSQL, where several processes may share the outbox.</summary>
    internal bool IsPostgreSql => options.Engine.IsPostgreSql;

    /// <summary>Set after each commit that wrote to the outbox.</summary>
    internal SemaphoreSlim OutboxWritten { get; } = new(0);

    /// <summary>Reads in one transaction.</summary>
    public async Task<T> ReadAsync<T>(Func<DatabaseSession, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        await MigrateAsync(cancellationToken);
        await using DbConnection connection = await options.Engine.OpenAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        T result = await work(new DatabaseSession(connection, transaction, options.Time, cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <summary>Writes in one transaction: all of it, its messages included, or nothing.</summary>
    /// <remarks>SQLite has one writer: further ones wait here, in order, and not in its busy time-out.</remarks>
    public async Task<T> WriteAsync<T>(Func<DatabaseSession, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        await MigrateAsync(cancellationToken);
        if (IsPostgreSql)
        {
            return await WriteOnceAsync(work, cancellationToken);
        }

        await sqliteWriter.WaitAsync(cancellationToken);
        try
        {
            return await WriteOnceAsync(work, cancellationToken);
        }
        finally
        {
            sqliteWriter.Release();
        }
    }

    /// <summary>Writes in one transaction.</summary>
    public Task WriteAsync(Func<DatabaseSession, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        return WriteAsync<bool>(
            async session =>
            {
                await work(session);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Brings the schema up to date, once.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        if (migrated)
        {
            return;
        }

        await migrating.WaitAsync(cancellationToken);
        try
        {
            if (!migrated)
            {
                await Migrations.ApplyAsync(
                    options.Engine, options.Migrations, options.MigrationsFolder, cancellationToken);
                migrated = true;
            }
        }
        finally
        {
            migrating.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sqliteWriter.Dispose();
        migrating.Dispose();
        OutboxWritten.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<T> WriteOnceAsync<T>(Func<DatabaseSession, Task<T>> work, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await options.Engine.OpenAsync(cancellationToken);
        await using DbTransaction transaction = await options.Engine.BeginWriteAsync(connection, cancellationToken);
        DatabaseSession session = new(connection, transaction, options.Time, cancellationToken);
        T result = await work(session);
        await transaction.CommitAsync(cancellationToken);
        if (session.Published)
        {
            OutboxWritten.Release();
        }

        return result;
    }
}
