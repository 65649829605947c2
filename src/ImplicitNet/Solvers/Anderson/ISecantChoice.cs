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

    /// <summary>Chooses the next step.</summary>
    /// <param name="sample">Position in the batch as it is now.</param>
    /// <param name="products">Of its history; slots that were never filled hold anything.</param>
    /// <param name="gamma">Filled: by slot; zero on entry, and where the step that led here is taken back.</param>
    /// <param name="overlaps">
    /// Filled: what is to be taken away, by slot, from the newest difference once the step is made; zero on entry, and where nothing is.
    /// </param>
    SecantStep Choose(int sample, in SecantProducts products, Span<double> gamma, Span<double> overlaps);
}
