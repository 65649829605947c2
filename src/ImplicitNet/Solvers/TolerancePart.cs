namespace ImplicitNet.Solvers;

/// <summary>Which part of <c>absolute + relative ||u||</c> a residual met.</summary>
public enum TolerancePart
{
    /// <summary>It met neither.</summary>
    None,

    /// <summary>The absolute tolerance alone, whatever the size of u.</summary>
    Absolute,

    /// <summary>The whole threshold, of which a share of <c>||u||</c> was needed.</summary>
    Relative,
}
