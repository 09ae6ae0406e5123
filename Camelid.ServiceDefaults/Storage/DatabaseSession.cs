using System.Data.Common;
using System.Text.Json;
using Camelid.ServiceDefaults.Telemetry;
using Dapper;

namespace Camelid.ServiceDefaults.Storage;

/// <summary>
/// One transaction: statements, messages that leave with it, and the keys of messages already handled.
/// </summary>
public sealed class DatabaseSession
{
    private readonly TimeProvider time;
    private readonly CancellationToken cancellationToken;

    internal DatabaseSession(
        DbConnection connection, DbTransaction transaction, TimeProvider time, CancellationToken cancellationToken)
    {
        Connection = connection;
        Transaction = transaction;
        this.time = time;
        this.cancellationToken = cancellationToken;
    }

    /// <summary>The open connection.</summary>
    public DbConnection Connection { get; }

    /// <summary>The open transaction.</summary>
    public DbTransaction Transaction { get; }

    /// <summary>True once a message was written.</summary>
    internal bool Published { get; private set; }

    /// <summary>Rows of a query.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? arguments = null) =>
        (await Connection.QueryAsync<T>(Command(sql, arguments))).AsList();

    /// <summary>The first row, or default.</summary>
    public Task<T?> QueryFirstOrDefaultAsync<T>(string sql, object? arguments = null) =>
        Connection.QueryFirstOrDefaultAsync<T>(Command(sql, arguments));

    /// <summary>Runs a statement.</summary>
    /// <returns>Rows changed.</returns>
    public Task<int> ExecuteAsync(string sql, object? arguments = null) =>
        Connection.ExecuteAsync(Command(sql, arguments));

    /// <summary>
    /// Writes a message to the outbox: it is published after the commit, at least once, and not without it.
    /// </summary>
    /// <param name="message">A message of Camelid.Contracts.</param>
    /// <param name="correlationId">The job, 64 hexadecimal digits, or null.</param>
    public async Task Publish<TMessage>(TMessage message, string? correlationId = null)
        where TMessage : class
    {
        DateTimeOffset now = time.GetUtcNow();
        await ExecuteAsync(
            """
            insert into outbox (id, created, message_type, body, correlation_id, traceparent)
            values (@Id, @Created, @MessageType, @Body, @CorrelationId, @Traceparent)
            """,
            new OutboxRow
            {
                Id = Guid.CreateVersion7(now).ToString("N"),
                Created = now.ToUnixTimeMilliseconds(),
                MessageType = $"{typeof(TMessage).FullName}, {typeof(TMessage).Assembly.GetName().Name}",
                Body = JsonSerializer.Serialize(message),
                CorrelationId = correlationId,
                Traceparent = ServiceTracing.CurrentTraceparent,
            });
        Published = true;
    }

    /// <summary>Notes in this transaction that a message was handled.</summary>
    /// <param name="consumer">The consumer's queue.</param>
    /// <param name="key">What makes the message one: a job, a job and an attempt …</param>
    /// <returns>False where it was handled before: the caller does nothing.</returns>
    public async Task<bool> TryEnterInboxAsync(string consumer, string key) => await ExecuteAsync(
        "insert into inbox (consumer, message_key, handled) values (@consumer, @key, @handled) on conflict do nothing",
        new { consumer, key, handled = time.GetUtcNow().ToUnixTimeMilliseconds() }) == 1;

    private CommandDefinition Command(string sql, object? arguments) =>
        new(sql, arguments, Transaction, cancellationToken: cancellationToken);
}
