namespace Camelid.Dashboard.Panels;

/// <summary>How a state looks: always a sign and a word, never a colour alone.</summary>
/// <param name="Tone">Class of the style: <c>good</c>, <c>busy</c>, <c>bad</c> or <c>quiet</c>.</param>
/// <param name="Sign">A sign that tells the tones apart without colour.</param>
/// <param name="Word">The state's name.</param>
public readonly record struct StatusMark(string Tone, string Sign, string Word)
{
    /// <summary>Look of a payment facet's state.</summary>
    public static StatusMark OfPayment(string state) => state switch
    {
        "settled" => new("good", "✓", state),
        "paid" or "delivered" => new("good", "◕", state),
        "created" or "accepted" or "committed" => new("busy", "◔", state),
        "expired" or "refunded" or "slashed" or "dismissed" => new("bad", "✕", state),
        _ => new("quiet", "?", state.Length == 0 ? "unknown" : state),
    };

    /// <summary>Look of a verification facet's state.</summary>
    public static StatusMark OfVerification(string state) => state switch
    {
        "passed" => new("good", "✓", state),
        "failed" => new("bad", "✕", state),
        "inconclusive" => new("busy", "≈", state),
        "pending" => new("quiet", "…", state),
        _ => new("quiet", "?", state.Length == 0 ? "unknown" : state),
    };

    /// <summary>Look of a panel's condition.</summary>
    public static StatusMark OfCondition(PanelCondition condition) => condition switch
    {
        PanelCondition.Live => new("good", "●", "live"),
        PanelCondition.Stale => new("busy", "◌", "stale"),
        PanelCondition.Failed => new("bad", "✕", "no answer"),
        _ => new("quiet", "…", "loading"),
    };
}
