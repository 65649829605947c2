namespace ImplicitNet.Gradients;

/// <summary>What a node of the graph stands for.</summary>
internal enum AdjointSide
{
    /// <summary>u* itself: sends <c>(I - J^T)^-1 g</c> through one application of R.</summary>
    FixedPoint,

    /// <summary>A solve with I - J^T: sends back <c>(I - J)^-1 g</c>.</summary>
    Adjoint,
}
