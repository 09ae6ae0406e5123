using Camelid.Chain.Index;
using Camelid.Protocol;

namespace Camelid.Chain.Wallet;

/// <summary>What the wallet can't find in blocks: addresses that were handed out.</summary>
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
}
