using System.Data.Common;
using System.Reflection;
using Dapper;

namespace Camelid.ServiceDefaults.Storage;

/// <summary>Applies <c>FOLDER/NNNN-*.sql</c> of a service, in order, each once, each in a transaction.</summary>
internal static class Migrations
{
    /// <summary>Key of the advisory lock that keeps two processes from migrating one database at once.</summary>
    private const long LockKey = 0x43616D656C6964;

    private static readonly string Shared =
        """
        create table if not exists schema_migrations (name text primary key);
        create table if not exists outbox (
            id text primary key, created bigint not null, message_type text not null, body text not null,
            correlation_id text, traceparent text);
        create table if not exists inbox (
            consumer text not null, message_key text not null, handled bigint not null,
            primary key (consumer, message_key));
        """;

    public static async Task ApplyAsync(
        DatabaseEngine engine, Assembly assembly, string folder, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await engine.OpenAsync(cancellationToken);
        await using DbTransaction transaction = await engine.BeginWriteAsync(connection, cancellationToken);
        if (engine.IsPostgreSql)
        {
            await connection.ExecuteAsync($"select pg_advisory_xact_lock({LockKey})", transaction: transaction);
        }

        await connection.ExecuteAsync(Shared, transaction: transaction);
        foreach (string resource in Resources(assembly, folder))
        {
            bool done = await connection.QueryFirstOrDefaultAsync<string>(
                "select name from schema_migrations where name = @resource", new { resource }, transaction) is not null;
            if (done)
            {
                continue;
            }

            using StreamReader reader = new(assembly.GetManifestResourceStream(resource)!);
            string sql = (await reader.ReadToEndAsync(cancellationToken))
                .Replace(DatabaseEngine.BlobToken, engine.BlobType, StringComparison.Ordinal);
            await connection.ExecuteAsync(sql, transaction: transaction);
            await connection.ExecuteAsync(
                "insert into schema_migrations (name) values (@resource)", new { resource }, transaction);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static IEnumerable<string> Resources(Assembly assembly, string folder) =>
        assembly.GetManifestResourceNames()
        .Where(name =>
            name.EndsWith(".sql", StringComparison.Ordinal) && name.Contains($".{folder}.", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);
}
