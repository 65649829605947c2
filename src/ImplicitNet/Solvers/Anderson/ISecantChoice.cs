namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// Chooses how a sample's history is combined; asked once for every sample and step, of different samples also at once from several
/// threads.
/// </summary>
internal interface ISecantChoice
{
    /// <summary>The first residual of a sample, before there are differences.</summary>
    /// <param name="sample">Position in the batch as it is now.</param>
    /// <param name="norm">||f||.</param>
    void Begin(int sample, double norm);

    /// <summary>Chooses the coefficients of the next step.</summary>
    /// <param name="sample">Position in the batch as it is now.</param>
    /// <param name="products">Of its history; slots that were never filled hold anything.</param>
    /// <param name="gamma">Filled: by slot; zero on entry.</param>
    /// <returns>False where the step that led here is taken back; gamma stays zero then.</returns>
    bool TryChoose(int sample, in SecantProducts products, Span<double> gamma);
}
