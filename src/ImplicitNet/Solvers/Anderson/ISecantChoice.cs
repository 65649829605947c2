namespace ImplicitNet.Solvers.Anderson;

/// <summary>Chooses how one sample's history is combined; asked once for every step.</summary>
internal interface ISecantChoice
{
    /// <summary>Takes note of the first residual, before there are differences.</summary>
    /// <param name="norm">||f||.</param>
    void Begin(double norm);

    /// <summary>Chooses the next step.</summary>
    /// <param name="products">Of the history; slots that were never filled hold anything.</param>
    /// <param name="gamma">Filled: by slot; zero on entry, and where the step that led here is taken back.</param>
    /// <param name="overlaps">
    /// Filled: what is to be taken away, by slot, from the newest difference once the step is made; zero on entry, and where nothing is.
    /// </param>
    SecantStep Choose(in SecantProducts products, Span<double> gamma, Span<double> overlaps);
}
