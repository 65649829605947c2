namespace ImplicitNet.Solvers;

/// <summary>Which part of <c>absolute + relative ||u||</c> a residual met.</summary>
public enum TolerancePart
{
    /// <summary>The residual met neither part.</summary>
    None,

    /// <summary>The residual met the absolute tolerance alone, whatever the size of u.</summary>
    Absolute,

    /// <summary>The residual met the whole threshold, and needed the share of <c>||u||</c> for that.</summary>
    Relative,
}
