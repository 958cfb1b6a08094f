-- In jsonb's text a name stands between a quote and a quote with a colon, and nothing else does:
-- inside a string a quote is escaped. So each replacement meets names only. To take the tree apart
-- and build it anew costs several times as much.
create or replace function respell(notification jsonb)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  spelled text;
begin
  if notification ?& array['Payload', 'payload'] then  -- the original looked into both
    notification := (notification - 'payload') || jsonb_build_object(
      'Payload',
      coalesce(nullif(notification -> 'payload', 'null'), '{}')
      || coalesce(nullif(notification -> 'Payload', 'null'), '{}')
    );
  end if;
  spelled := notification::text;
  spelled := replace(spelled, '"notificationType":', '"NotificationType":');
  spelled := replace(spelled, '"eventTime":', '"EventTime":');
  spelled := replace(spelled, '"notificationMetadata":', '"NotificationMetadata":');
  spelled := replace(spelled, '"publishTime":', '"PublishTime":');
  spelled := replace(spelled, '"notificationId":', '"NotificationId":');
  spelled := replace(spelled, '"payload":', '"Payload":');
  spelled := replace(spelled, '"anyOfferChangedNotification":', '"AnyOfferChangedNotification":');
  spelled := replace(
    spelled, '"b2bAnyOfferChangedNotification":', '"B2BAnyOfferChangedNotification":'
  );
  spelled := replace(spelled, '"issueType":', '"IssueType":');
  spelled := replace(spelled, '"merchantOffer":', '"MerchantOffer":');
  spelled := replace(spelled, '"sellerId":', '"SellerId":');
  spelled := replace(spelled, '"offerChangeTrigger":', '"OfferChangeTrigger":');
  spelled := replace(spelled, '"marketplaceId":', '"MarketplaceId":');
  spelled := replace(spelled, '"asin":', '"ASIN":');
  spelled := replace(spelled, '"itemCondition":', '"ItemCondition":');
  spelled := replace(spelled, '"timeOfOfferChange":', '"TimeOfOfferChange":');
  spelled := replace(spelled, '"offerChangeSummary":', '"OfferChangeSummary":');
  spelled := replace(spelled, '"summary":', '"Summary":');
  spelled := replace(spelled, '"numberOfOffers":', '"NumberOfOffers":');
  spelled := replace(spelled, '"condition":', '"Condition":');
  spelled := replace(spelled, '"offerCount":', '"OfferCount":');
  spelled := replace(spelled, '"buyBoxPrices":', '"BuyBoxPrices":');
  spelled := replace(spelled, '"competitivePriceThreshold":', '"CompetitivePriceThreshold":');
  spelled := replace(spelled, '"salesRankings":', '"SalesRankings":');
  spelled := replace(spelled, '"rank":', '"Rank":');
  spelled := replace(spelled, '"referencePrice":', '"ReferencePrice":');
  spelled := replace(spelled, '"offers":', '"Offers":');
  spelled := replace(spelled, '"landedPrice":', '"LandedPrice":');
  spelled := replace(spelled, '"listingPrice":', '"ListingPrice":');
  spelled := replace(spelled, '"shipping":', '"Shipping":');
  spelled := replace(spelled, '"points":', '"Points":');
  spelled := replace(spelled, '"pointsNumber":', '"PointsNumber":');
  spelled := replace(spelled, '"amount":', '"Amount":');
  spelled := replace(spelled, '"currencyCode":', '"CurrencyCode":');
  spelled := replace(spelled, '"isFulfilledByAmazon":', '"IsFulfilledByAmazon":');
  spelled := replace(spelled, '"isBuyBoxWinner":', '"IsBuyBoxWinner":');
  spelled := replace(spelled, '"primeInformation":', '"PrimeInformation":');
  spelled := replace(spelled, '"isOfferPrime":', '"IsOfferPrime":');
  spelled := replace(spelled, '"isPrime":', '"IsPrime":');
  return spelled::jsonb;
end
$$;

comment on function respell(jsonb) is
'A notification, or its Payload, with each name that the types know (db/types) in PascalCase. '
'What stands there in both spellings is the camelCase one''s.';
