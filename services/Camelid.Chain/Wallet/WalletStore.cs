using Camelid.Chain.Index;
using Camelid.Protocol;

namespace Camelid.Chain.Wallet;

/// <summary>What can't be found in blocks: addresses handed out, labels, what is watched.</summary>
internal sealed class WalletStore(ChainDatabase database, TimeProvider time)
{
    /// <summary>Notes that an address was handed out; twice is no error.</summary>
    public Task HandOutAsync(Hash160 owner, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            "insert into wallet_addresses (owner, created) values (@owner, @created) on conflict do nothing",
            new { owner = owner.ToString(), created = time.GetUtcNow().ToUnixTimeSeconds() }),
        cancellationToken);

    /// <summary>True where an address was handed out.</summary>
    public async Task<bool> IsHandedOutAsync(Hash160 owner, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<string>(
                "select owner from wallet_addresses where owner = @owner", new { owner = owner.ToString() }),
            cancellationToken) is not null;

    /// <summary>Names a subject, or takes its name back where it is empty.</summary>
    public Task LabelAsync(string subject, string label, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            label.Length == 0
                ? "delete from wallet_labels where subject = @subject"
                : """
                insert into wallet_labels (subject, label) values (@subject, @label)
                on conflict (subject) do update set label = @label
                """,
            new { subject, label }),
        cancellationToken);

    /// <summary>All labels, by subject.</summary>
    public Task<IReadOnlyList<LabelRow>> LabelsAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<LabelRow>(
            "select subject as Subject, label as Label from wallet_labels order by subject"),
        cancellationToken);

    /// <summary>Watches an address or an extended key; twice is no error.</summary>
    public Task WatchAsync(string content, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            "insert into wallet_watched (content, created) values (@content, @created) on conflict do nothing",
            new { content, created = time.GetUtcNow().ToUnixTimeSeconds() }),
        cancellationToken);

    /// <summary>Watches it no more.</summary>
    public Task UnwatchAsync(string content, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync("delete from wallet_watched where content = @content", new { content }),
        cancellationToken);

    /// <summary>What is watched, the oldest first.</summary>
    public Task<IReadOnlyList<string>> WatchedAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<string>("select content from wallet_watched order by created, content"),
        cancellationToken);
}

/// <summary>The name of an address or a transaction.</summary>
internal sealed record LabelRow
{
    /// <summary>The address or the transaction id.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The name.</summary>
    public string Label { get; init; } = "";
}
