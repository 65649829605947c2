namespace ImplicitNet.LinearSolvers;

/// <summary>Why a cycle ended for one sample.</summary>
internal enum KrylovEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>By the recurrence the tolerance is met, or the residual is rounding.</summary>
    Small,

    /// <summary>It has had its products.</summary>
    Limit,

    /// <summary>The method cannot go on.</summary>
    Breakdown,

    /// <summary>A product was not finite.</summary>
    NonFinite,
}
