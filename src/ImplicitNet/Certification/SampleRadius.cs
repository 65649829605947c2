namespace ImplicitNet.Certification;

/// <summary>What is certified of one sample.</summary>
/// <param name="Class">The class that the network answers: that of the largest output, -1 where an output is not finite.</param>
/// <param name="Margin">
/// By how much that output exceeds the next largest, in the units of outputs; NaN where one is not finite, infinity of a single class.
/// </param>
/// <param name="Radius">
/// No input nearer than this, in L2 and in the certificate's units, has another class; 0 where nothing is certified: there is no bound, or
/// the sample did not converge.
/// </param>
public readonly record struct SampleRadius(int Class, double Margin, double Radius);
