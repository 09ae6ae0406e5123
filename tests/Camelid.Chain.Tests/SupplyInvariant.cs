using Camelid.Contracts.Chain.V1;

namespace Camelid.Chain.Tests;

/// <summary>Rule C-30: no coin is lost or made beside the subsidies.</summary>
internal static class SupplyInvariant
{
    public static SupplyReply Check(ChainHost chain)
    {
        SupplyReply supply = chain.Reader.Supply();
        Assert.Equal(supply.IssuedGrains, supply.UnspentGrains + supply.BurnedGrains);
        Assert.Equal(50L * 100_000_000 * supply.Height, supply.IssuedGrains);
        return supply;
    }
}
