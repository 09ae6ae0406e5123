using Camelid.ServiceDefaults.Storage;

namespace Camelid.Chain.Index;

/// <summary>
/// The database <c>chainindex</c>. Blocks and transactions can be rebuilt from the block log; offers, deposits, job
/// transactions and signed words can't, and must never be lost.
/// </summary>
internal sealed class ChainDatabase(ServiceDatabaseOptions<ChainDatabase> options) : ServiceDatabase(options);
